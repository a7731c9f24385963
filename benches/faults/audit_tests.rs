//! Tests that the audit finds each kind of damage.

use ruche_schemas::{EventType, Job, JobRef, Lane, clock};
use serde_json::{Value, json};

use super::*;

/// A job that is done in its second attempt, after the worker of the first died.
struct Case {
    task: Task,
    log: Vec<Record>,
    rows: Vec<Row>,
    object: Option<Vec<u8>>,
    messages: u64,
    letters: Vec<DeadLetter>,
    followed: Option<Followed>,
}

fn record(n: u64, event: EventType, attempt: u32, data: Value) -> Record {
    Record { n, event, kind: Task::KIND, attempt, at: clock::now(), data, claim: None }
}

impl Case {
    fn sound() -> Self {
        let mut task = Task::plan(1, 7);
        (task.stumbles, task.reject, task.large) = (0, false, false);
        let ran = json!({"number": 7, "attempt": 2});
        let log = vec![
            record(1, EventType::Started, 1, json!({"worker": "a"})),
            record(2, EventType::Started, 2, json!({"worker": "b"})),
            record(3, EventType::Done, 2, ran.clone()),
        ];
        let row = Row { id: Uuid::nil(), state: "done".into(), attempt: 2, data: ran, claim: None };
        Self { task, log, rows: vec![row], object: None, messages: 1, letters: Vec::new(), followed: None }
    }

    fn broken(&self) -> Vec<Promise> {
        let Self { task, log, rows, object, messages, letters, followed } = self;
        let (messages, followed, object) = (*messages, followed.as_ref(), object.clone());
        let evidence = Evidence { task, log, rows, object, messages, letters, followed };
        judge(&evidence).into_iter().map(|(promise, _)| promise).collect()
    }

    fn job(&self) -> JobRef {
        Task::job(&"acme".parse().expect("a name"), 1, self.task.number)
    }

    fn letter(&self) -> DeadLetter {
        DeadLetter {
            job: self.job(),
            kind: Task::KIND,
            lane: Lane::Normal,
            failure: Failure::new("told_to", "told to be rejected"),
            attempts: 2,
            at: clock::now(),
            trace_id: None,
            payload: String::new(),
            headers: Default::default(),
        }
    }
}

/// The findings after this damage to a sound job.
fn after(harm: impl FnOnce(&mut Case)) -> Vec<Promise> {
    let mut case = Case::sound();
    harm(&mut case);
    case.broken()
}

#[test]
fn a_job_that_was_taken_over_and_done_is_sound() {
    let case = Case::sound();
    assert_eq!(case.broken(), []);
    assert!(was_taken_over(&case.log));
}

#[test]
fn a_lost_job_is_found() {
    assert_eq!(after(|case| case.rows.clear()), [Promise::Kept]);
    assert_eq!(after(|case| case.messages = 0), [Promise::Kept]);
    let unended = after(|case| case.log.truncate(2));
    assert!(unended.contains(&Promise::Kept), "{unended:?}");
    assert!(after(|case| (case.log.clear(), case.rows.clear()).1).contains(&Promise::Kept));
}

#[test]
fn a_job_that_was_stored_twice_is_found() {
    assert_eq!(after(|case| case.messages = 2), [Promise::Once]);
    assert_eq!(after(|case| case.rows.push(case.rows[0].clone())), [Promise::Once]);
}

#[test]
fn a_gap_a_repeat_a_second_end_and_an_attempt_that_came_back_are_found() {
    assert_eq!(after(|case| drop(case.log.remove(1))), [Promise::Order]);
    assert_eq!(after(|case| case.log.insert(1, case.log[1].clone())), [Promise::Order]);
    assert_eq!(after(|case| case.log.push(record(4, EventType::Done, 2, case.log[2].data.clone()))), [Promise::Order]);
    assert_eq!(after(|case| case.log[0].attempt = 3), [Promise::Order]);
}

#[test]
fn what_a_follower_saw_must_be_what_the_log_holds() {
    let follow = |records: Vec<Record>| after(|case| case.followed = Some(Followed { job: case.job(), records }));
    let log = Case::sound().log;
    assert_eq!(follow(log[..2].to_vec()), [Promise::Order]);
    assert_eq!(follow(log[1..].to_vec()), [Promise::Order]);
    let same = after(|case| case.followed = Some(Followed { job: case.job(), records: case.log.clone() }));
    assert_eq!(same, []);
}

#[test]
fn an_outcome_that_contradicts_the_log_or_the_body_is_found() {
    assert_eq!(after(|case| case.rows[0].attempt = 3), [Promise::Other]);
    assert_eq!(after(|case| case.rows[0].data = json!({"number": 7, "attempt": 1})), [Promise::Other]);
    assert_eq!(after(|case| case.task.reject = true), [Promise::Other]);
    assert_eq!(after(|case| case.letters.push(case.letter())), [Promise::Other]);
}

#[test]
fn a_commit_that_was_counted_twice_is_found() {
    let case = Case::sound();
    let (job, task) = (case.job(), case.task.clone());
    let group = task.group();
    let rows = |done| Rows {
        jobs: [(job.id.0, case.rows.clone())].into(),
        groups: [(group, Counted { done, failed: 0 })].into(),
        ..Rows::default()
    };
    let accepted = [Accepted { job: job.clone(), task, grouped: true }];
    let found = |done| sums(&accepted, &rows(done)).map(|(promise, _)| promise);
    assert_eq!(found(1), None);
    assert_eq!(found(2), Some(Promise::Once));
}

#[test]
fn an_output_that_is_claimed_and_not_there_is_found() {
    let claimed = |object: Option<Vec<u8>>| {
        after(|case| {
            let claim = ruche_schemas::Claim { key: "acme/job/output".into(), bytes: 1, blake3: String::new() };
            case.task.large = true;
            (case.rows[0].data, case.rows[0].claim) = (Value::Null, Some(claim.clone()));
            (case.log[2].data, case.log[2].claim) = (Value::Null, Some(claim));
            case.object = object;
        })
    };
    let filling = "x".repeat(ruche_schemas::claim::CLAIM_BYTES + 1);
    assert_eq!(claimed(Some(json!({"number": 7, "attempt": 2, "filling": filling}).to_string().into_bytes())), []);
    assert_eq!(claimed(Some(json!({"number": 7, "attempt": 2}).to_string().into_bytes())), [Promise::Other]);
    assert_eq!(claimed(None), [Promise::Other]);
}
