//! Converts a model's output to normalized vectors or scores.

use super::error::NoVector;

/// Of length 1; for a query-text pair, the score alone.
pub(super) type Vector = Result<Vec<f32>, NoVector>;

/// Normalizes a vector; leaves a reranker's score unchanged.
pub(super) fn finish(ranks: bool, numbers: Vec<f32>) -> Vector {
    match ranks {
        false => normalize(numbers),
        true if numbers.iter().all(|number| number.is_finite()) => Ok(numbers),
        true => Err(NoVector::NoNumbers),
    }
}

/// Truncates a vector and normalizes it again (Matryoshka representations: Kusupati et al., 2022). Fails if the rest
/// is zero or not finite.
pub fn truncate(mut vector: Vec<f32>, dimensions: u32) -> Result<Vec<f32>, NoVector> {
    let dimensions = usize::try_from(dimensions).unwrap_or(usize::MAX);
    if vector.len() <= dimensions {
        return Ok(vector);
    }
    vector.truncate(dimensions);
    normalize(vector)
}

fn normalize(mut vector: Vec<f32>) -> Result<Vec<f32>, NoVector> {
    let length = vector.iter().map(|number| f64::from(*number).powi(2)).sum::<f64>().sqrt();
    if !length.is_finite() || length <= f64::from(f32::MIN_POSITIVE) {
        return Err(NoVector::NoNumbers);
    }
    for number in &mut vector {
        // Between -1 and 1: the loss of precision is irrelevant.
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
