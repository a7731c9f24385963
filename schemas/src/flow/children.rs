//! Computes the jobs that a job's end starts.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::steps::{Fan, Join, MAX_CHILDREN, Member, Next, Origin, Template};
use crate::{Envelope, Failure, JobId, Lane, TenantId, event::Outcome};

#[derive(Debug, Clone, PartialEq)]
pub struct Child {
    /// Derived from the parent's id, so that repeated derivations give the same job.
    pub id: JobId,
    /// With its body filled in.
    pub template: Template,
    pub lane: Lane,
    pub origin: Origin,
    pub member: Option<Member>,
}

impl Child {
    /// `version` is that of the kind's schema.
    #[must_use]
    pub fn envelope(self, tenant: TenantId, version: u16, created_at: DateTime<Utc>) -> Envelope<Value> {
        let Template { kind, body, on_success, on_failure, .. } = self.template;
        Envelope {
            id: self.id,
            kind,
            version,
            tenant,
            lane: self.lane,
            created_at,
            ephemeral: false,
            on_success,
            on_failure,
            origin: Some(self.origin),
            member: self.member,
            schedule: None,
            claim: None,
            body,
        }
    }
}

/// The jobs that a job's end starts, without the joins of fans. Empty for a cancelled job. Read an output from the
/// object store before: for [`Outcome::Claimed`], what children take from it is `null`. Fails if there would be more
/// than [`MAX_CHILDREN`] jobs.
pub fn children<T>(job: &Envelope<T>, outcome: &Outcome<Value>) -> Result<Vec<Child>, Failure> {
    let (steps, branch, result) = match outcome {
        Outcome::Done(output) => (&job.on_success, "on_success", output.clone()),
        Outcome::Claimed(_) => (&job.on_success, "on_success", Value::Null),
        Outcome::Failed(failure) => (&job.on_failure, "on_failure", serde_json::to_value(failure).unwrap_or_default()),
        Outcome::Cancelled => return Ok(Vec::new()),
    };
    let origin = Origin { root: job.origin.map_or(job.id, |origin| origin.root), parent: job.id };
    let mut all = Vec::new();
    for (step, next) in (0_u32..).zip(steps) {
        match next {
            Next::One(template) => {
                let id = job.id.derived(&format!("{branch}.{step}"));
                all.push(child(id, template, &result, job.lane, origin, None));
            }
            Next::Fan(fan) => fan_out(job.id, &format!("{branch}.{step}"), fan, &result, job.lane, origin, &mut all),
        }
        if all.len() > MAX_CHILDREN {
            let message = format!(
                "the job's end would start {} jobs: at most {MAX_CHILDREN} may follow one job; use a batch for more",
                all.len()
            );
            return Err(Failure::new("flow_too_wide", message).with_param(format!("{branch}[{step}]")));
        }
    }
    Ok(all)
}

fn fan_out(parent: JobId, at: &str, fan: &Fan, result: &Value, lane: Lane, origin: Origin, all: &mut Vec<Child>) {
    let elements = match &fan.each {
        None => vec![result.clone()],
        Some(pointer) => result.pointer(pointer).and_then(Value::as_array).cloned().unwrap_or_default(),
    };
    let of = u32::try_from(elements.len().saturating_mul(fan.all.len())).unwrap_or(u32::MAX);
    let join = fan.join.as_ref().map(|template| {
        let mut template = (**template).clone();
        // The join's starter knows only a member, which may have another lane.
        template.lane.get_or_insert(lane);
        Box::new(Join { id: parent.derived(&format!("{at}.join")), origin, template })
    });
    if let (0, Some(join)) = (of, &join) {
        // The fan is empty, so its join starts now.
        let nothing = serde_json::json!({ "results": [] });
        all.push(child(join.id, &join.template, &nothing, lane, origin, None));
    }
    let group = parent.derived(&format!("{at}.group")).0;
    let jobs = elements.iter().flat_map(|element| fan.all.iter().map(move |template| (element, template)));
    for (index, (element, template)) in (0_u32..).zip(jobs).take(MAX_CHILDREN + 1) {
        let member = join.clone().map(|join| Member { group, index, of: Some(of), join: Some(join) });
        let id = parent.derived(&format!("{at}.{index}"));
        all.push(child(id, template, element, lane, origin, member));
    }
}

/// Fills the template's body from the result.
#[must_use]
pub fn child(
    id: JobId,
    template: &Template,
    result: &Value,
    lane: Lane,
    origin: Origin,
    member: Option<Member>,
) -> Child {
    let mut template = template.clone();
    for (target, source) in std::mem::take(&mut template.fill) {
        put(&mut template.body, &target, result.pointer(&source).cloned().unwrap_or_default());
    }
    Child { id, lane: template.lane.unwrap_or(lane), template, origin, member }
}

/// Sets the value at a pointer; creates missing objects on the way.
fn put(body: &mut Value, pointer: &str, value: Value) {
    if let Some(place) = body.pointer_mut(pointer) {
        *place = value;
        return;
    }
    let Some((parent, name)) = pointer.rsplit_once('/') else { return };
    let name = name.replace("~1", "/").replace("~0", "~");
    if body.pointer(parent).is_none_or(Value::is_null) {
        put(body, parent, Value::Object(serde_json::Map::new()));
    }
    match body.pointer_mut(parent) {
        Some(Value::Object(fields)) => drop(fields.insert(name, value)),
        Some(Value::Array(items)) if name == "-" => items.push(value),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::Kind;

    fn job(on_success: Value, on_failure: Value) -> Envelope<()> {
        let (kind, tenant) = (Kind::new("a"), "acme".parse().expect("a name"));
        let at = DateTime::from_timestamp(1_800_000_000, 0).expect("a time");
        let mut job = Envelope::of(kind, 1, JobId(Uuid::nil()), tenant, Lane::Bulk, at, ());
        job.on_success = serde_json::from_value(on_success).expect("steps");
        job.on_failure = serde_json::from_value(on_failure).expect("steps");
        job
    }

    fn bodies(children: &[Child]) -> Vec<Value> {
        children.iter().map(|child| child.template.body.clone()).collect()
    }

    #[test]
    fn the_same_job_and_outcome_always_give_the_same_children() {
        let job =
            job(json!([{"kind": "a"}, {"all": [{"kind": "b"}, {"kind": "c"}], "join": {"kind": "d"}}]), json!([]));
        let done = Outcome::Done(json!({"x": 1}));
        let all = children(&job, &done).expect("few");
        assert_eq!(all, children(&job, &done).expect("few"));
        let ids: std::collections::HashSet<_> = all.iter().map(|child| child.id).collect();
        assert_eq!((all.len(), ids.len()), (3, 3));
        assert!(all.iter().all(|child| child.lane == Lane::Bulk && child.origin.root == job.id));
    }

    #[test]
    fn only_the_branch_of_the_outcome_is_taken_and_none_of_a_cancelled_job() {
        let on_failure = json!([{"kind": "no", "with": {"/why": "/code"}}]);
        let job = job(json!([{"kind": "yes"}]), on_failure);
        let failed = Outcome::Failed(Failure::new("bad", "it is bad"));
        assert_eq!(bodies(&children(&job, &failed).expect("few")), [json!({"why": "bad"})]);
        assert_eq!(children(&job, &Outcome::Done(Value::Null)).expect("few")[0].template.kind.as_str(), "yes");
        assert_eq!(children(&job, &Outcome::Cancelled).expect("none"), []);
    }

    #[test]
    fn pointers_fill_the_body_and_make_what_is_missing() {
        let fill = json!({"/a/b": "/x/0", "/whole": "", "/none": "/nothing", "/list/-": "/x/1", "/a~1b": "/x/1"});
        let job = job(json!([{"kind": "a", "body": {"list": [0]}, "with": fill}]), json!([]));
        let all = children(&job, &Outcome::Done(json!({"x": [7, 8]}))).expect("few");
        let body = json!({"a": {"b": 7}, "whole": {"x": [7, 8]}, "none": null, "list": [0, 8], "a/b": 8});
        assert_eq!(bodies(&all), [body]);
        let mut whole = json!(1);
        put(&mut whole, "", json!(2));
        assert_eq!(whole, json!(2), "an empty pointer is the whole body");
    }

    #[test]
    fn a_fan_starts_a_job_for_each_element_and_numbers_them() {
        let fan = json!({"each": "/pages", "all": [{"kind": "ocr", "with": {"/page": ""}}, {"kind": "index"}],
            "join": {"kind": "merge"}});
        let all = children(&job(json!([fan]), json!([])), &Outcome::Done(json!({"pages": ["p1", "p2"]}))).expect("few");
        let pages: Vec<_> = bodies(&all).into_iter().step_by(2).collect();
        assert_eq!(pages, [json!({"page": "p1"}), json!({"page": "p2"})]);
        let members: Vec<_> = all.iter().filter_map(|child| child.member.clone()).collect();
        assert_eq!(
            members.iter().map(|member| (member.index, member.of)).collect::<Vec<_>>(),
            [(0, Some(4)), (1, Some(4)), (2, Some(4)), (3, Some(4))]
        );
        assert!(members.iter().all(|member| member.group == members[0].group && member.join == members[0].join));
        let join = members[0].join.as_ref().expect("a join");
        assert_eq!(join.template.lane, Some(Lane::Bulk), "a join has its parent's lane, whoever starts it");
    }

    #[test]
    fn a_fan_of_nothing_starts_its_join_at_once() {
        for result in [json!({"pages": []}), json!({"pages": "none"}), json!(null)] {
            let join = json!({"kind": "merge", "with": {"/got": "/results"}});
            let fan = json!({"each": "/pages", "all": [{"kind": "ocr"}], "join": join});
            let all = children(&job(json!([fan]), json!([])), &Outcome::Done(result)).expect("few");
            assert_eq!(bodies(&all), [json!({"got": []})]);
            assert_eq!(all[0].member, None);
        }
    }

    #[test]
    fn too_wide_a_fan_is_refused_with_its_place() {
        let fan = json!({"each": "/pages", "all": [{"kind": "ocr"}]});
        let flow = job(json!([{"kind": "a"}, fan]), json!([]));
        let pages = |count: usize| Outcome::Done(json!({"pages": vec![0; count]}));
        let failure = children(&flow, &pages(MAX_CHILDREN)).expect_err("one too many");
        assert_eq!((failure.code.as_str(), failure.param.as_deref()), ("flow_too_wide", Some("on_success[1]")));
        assert!(failure.message.contains("1001") && failure.message.contains("1000"), "{failure}");
        assert_eq!(children(&flow, &pages(MAX_CHILDREN - 1)).expect("as many as may be").len(), MAX_CHILDREN);
    }
}
