//! Checks a flow before its first job is accepted.

use super::steps::{MAX_CHILDREN, MAX_DEPTH, Next, Template};
use crate::{Invalid, job::counted};

/// Checks depth, width and JSON pointers. An error names the first field that is wrong.
pub fn check(on_success: &[Next], on_failure: &[Next]) -> Result<(), Invalid> {
    steps(on_success, "on_success", 1)?;
    steps(on_failure, "on_failure", 1)
}

fn steps(steps: &[Next], at: &str, depth: usize) -> Result<(), Invalid> {
    if depth > MAX_DEPTH && !steps.is_empty() {
        return Err(Invalid::new(at, format!("nests deeper than {MAX_DEPTH} jobs, which is all that a flow may")));
    }
    if steps.len() > MAX_CHILDREN {
        return Err(Invalid::new(at, format!("has {} jobs: at most {MAX_CHILDREN} may follow one job", steps.len())));
    }
    for (i, next) in steps.iter().enumerate() {
        let at = format!("{at}[{i}]");
        match next {
            Next::One(one) => template(one, &at, depth)?,
            Next::Fan(fan) => {
                if let Some(each) = &fan.each {
                    pointer(each, &format!("{at}.each"))?;
                }
                counted(&format!("{at}.all"), fan.all.len(), "jobs", 1, MAX_CHILDREN)?;
                for (j, one) in fan.all.iter().enumerate() {
                    template(one, &format!("{at}.all[{j}]"), depth)?;
                }
                if let Some(join) = &fan.join {
                    template(join, &format!("{at}.join"), depth)?;
                }
            }
        }
    }
    Ok(())
}

fn template(template: &Template, at: &str, depth: usize) -> Result<(), Invalid> {
    for (target, source) in &template.fill {
        pointer(target, &format!("{at}.with"))?;
        pointer(source, &format!("{at}.with"))?;
    }
    steps(&template.on_success, &format!("{at}.on_success"), depth + 1)?;
    steps(&template.on_failure, &format!("{at}.on_failure"), depth + 1)
}

fn pointer(pointer: &str, at: &str) -> Result<(), Invalid> {
    match pointer.is_empty() || pointer.starts_with('/') {
        true => Ok(()),
        false => Err(Invalid::new(
            at,
            format!("{pointer:?} is no JSON pointer (RFC 6901): begin it with `/`, or leave it empty for the whole"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn what_is_no_flow_is_named_by_its_place() {
        let check =
            |on_success: Value| super::check(&serde_json::from_value::<Vec<Next>>(on_success).expect("steps"), &[]);
        let error = check(json!([{"kind": "a", "with": {"x": ""}}])).expect_err("no pointer");
        assert_eq!(error.param, "on_success[0].with");
        assert_eq!(check(json!([{"all": []}])).expect_err("empty").param, "on_success[0].all");
        let deep = |depth| (0..depth).fold(json!([]), |inner, _| json!([{"kind": "a", "on_success": inner}]));
        assert!(check(deep(MAX_DEPTH + 1)).expect_err("too deep").message.contains("16"));
        assert_eq!(check(deep(MAX_DEPTH)), Ok(()));
    }
}
