//! The route that a mistyped path means.

use std::collections::BTreeMap;

use super::text::either;

/// The most letters that may be wrong in one part of a path; in a short one, a third of them.
const WRONG: usize = 2;
/// A part that is cut, as in `/v1/embed`, has at least this many letters.
const CUT: usize = 4;
/// The longest path that is compared, in bytes.
const LONGEST: usize = 200;

/// The methods and the path of the nearest route, where one is near. `routes`: what each path answers to.
pub(super) fn to(routes: &BTreeMap<String, Vec<&'static str>>, path: &str) -> Option<(String, String)> {
    if path.len() > LONGEST {
        return None;
    }
    let near = routes.iter().filter_map(|(route, methods)| Some((distance(route, path)?, route, methods)));
    let (_, route, methods) = near.min_by_key(|(distance, ..)| *distance)?;
    Some((either(methods), filled(route, path)))
}

/// Whether a path is one of a route: `/v1/models/x` of `/v1/models/{id}`.
pub(super) fn is_of(route: &str, path: &str) -> bool {
    let mut parts = path.split('/');
    let is_same = route
        .split('/')
        .all(|part| parts.next().is_some_and(|own| if is_name(part) { !own.is_empty() } else { own == part }));
    is_same && parts.next().is_none()
}

fn is_name(part: &str) -> bool {
    part.starts_with('{')
}

/// How many letters differ; `None` for another path altogether.
fn distance(route: &str, path: &str) -> Option<usize> {
    let lower = path.to_ascii_lowercase();
    // Another sign between the parts, or none.
    let whole = Some(strsim::damerau_levenshtein(&lower, route)).filter(|wrong| *wrong <= 1 && !route.contains('{'));
    let (parts, own): (Vec<&str>, Vec<&str>) = (route.split('/').collect(), lower.split('/').collect());
    if parts.len() != own.len() {
        return whole;
    }
    let each = parts.iter().zip(&own).map(|(part, own)| match is_name(part) {
        true => (!own.is_empty()).then_some(0),
        false => wrong_letters(part, own),
    });
    each.sum::<Option<usize>>().or(whole)
}

fn wrong_letters(part: &str, own: &str) -> Option<usize> {
    let wrong = strsim::damerau_levenshtein(own, part);
    let is_cut = own.len() >= CUT && part.starts_with(own);
    (wrong <= WRONG.min(own.len() / 3) || is_cut).then_some(wrong)
}

/// A route with the names and ids of the path.
fn filled(route: &str, path: &str) -> String {
    let parts = route.split('/').zip(path.split('/').map(Some).chain(std::iter::repeat(None)));
    let parts = parts.map(|(part, own)| own.filter(|_| is_name(part)).unwrap_or(part));
    parts.collect::<Vec<_>>().join("/")
}
