//! Vectors of length 1, and scores: what becomes of a model's numbers.

use super::error::NoVector;

/// A text's vector, of length 1; of a pair, its one number.
pub(super) type Vector = Result<Vec<f32>, NoVector>;

/// What becomes of the model's numbers: a vector of length 1, or the number of a pair as it is.
pub(super) fn finish(ranks: bool, numbers: Vec<f32>) -> Vector {
    match ranks {
        false => normalize(numbers),
        true if numbers.iter().all(|number| number.is_finite()) => Ok(numbers),
        true => Err(NoVector::NoNumbers),
    }
}

/// The first numbers of a vector, with length 1 again (Matryoshka representations: Kusupati et al., 2022).
///
/// # Errors
/// These numbers have no direction.
pub fn truncate(mut vector: Vec<f32>, dimensions: u32) -> Result<Vec<f32>, NoVector> {
    let dimensions = usize::try_from(dimensions).unwrap_or(usize::MAX);
    if vector.len() <= dimensions {
        return Ok(vector);
    }
    vector.truncate(dimensions);
    normalize(vector)
}

/// The vector with length 1.
fn normalize(mut vector: Vec<f32>) -> Result<Vec<f32>, NoVector> {
    let length = vector.iter().map(|number| f64::from(*number).powi(2)).sum::<f64>().sqrt();
    if !length.is_finite() || length <= f64::from(f32::MIN_POSITIVE) {
        return Err(NoVector::NoNumbers);
    }
    for number in &mut vector {
        // Between -1 and 1: what a float loses of it does not matter.
        *number = (f64::from(*number) / length) as f32;
    }
    Ok(vector)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_have_length_one_also_when_cut() {
        assert_eq!(normalize(vec![3.0, 4.0]), Ok(vec![0.6, 0.8]));
        assert_eq!(truncate(vec![0.0, 0.6, 0.8], 2), Ok(vec![0.0, 1.0]));
        assert_eq!(truncate(vec![0.6, 0.8], 2), Ok(vec![0.6, 0.8]));
        assert_eq!(normalize(vec![f32::MAX, f32::MAX]).map(|vector| vector.len()), Ok(2));
    }

    #[test]
    fn what_has_no_direction_is_no_vector() {
        for vector in [vec![f32::NAN, 1.0], vec![f32::INFINITY, 1.0], vec![0.0, 0.0], vec![]] {
            assert_eq!(normalize(vector), Err(NoVector::NoNumbers));
        }
        assert_eq!(truncate(vec![0.0, 1.0], 1), Err(NoVector::NoNumbers));
    }
}
