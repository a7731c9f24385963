//! Chooses the texts of the next batch, up to a limit of tokens. Requests take turns, one text each, from two queues:
//! `fresh` (nothing computed yet, first in first out) and `partial` (round robin). Every other batch starts with one
//! text from `partial`; then `fresh` goes, then `partial` gets the rest. So a small request waits only for those before
//! it, not for large ones under way, and a stream of small ones does not starve a large one.

use std::{
    collections::{HashMap, VecDeque},
    time::Instant,
};

use tokio::sync::oneshot;

use super::vector::Vector;

#[derive(Debug)]
pub(super) struct Ticket {
    /// Each has at least one token.
    pub(super) texts: Vec<Vec<i32>>,
    pub(super) answer: oneshot::Sender<Vec<Vector>>,
    pub(super) queued: Instant,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Pick {
    ticket: u64,
    text: usize,
    pub(super) tokens: Vec<i32>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct BatchLimits {
    /// A longer text gets a batch of its own.
    pub(super) tokens: usize,
    pub(super) texts: usize,
}

impl BatchLimits {
    fn takes(self, batch: &[Pick], tokens: usize) -> bool {
        let held: usize = batch.iter().map(|pick| pick.tokens.len()).sum();
        batch.is_empty() || (batch.len() < self.texts && held + tokens <= self.tokens)
    }
}

#[derive(Debug)]
struct Waiting {
    ticket: Ticket,
    next: usize,
    vectors: Vec<Option<Vector>>,
    missing: usize,
}

/// A chosen text; for the first of a request, with the request's time of arrival.
struct Taken {
    pick: Pick,
    queued: Option<Instant>,
}

#[derive(Debug)]
pub(super) struct Batcher {
    limits: BatchLimits,
    tickets: HashMap<u64, Waiting>,
    fresh: VecDeque<u64>,
    partial: VecDeque<u64>,
    last: u64,
    partial_first: bool,
    /// Requests dropped since the last batch because their caller has gone.
    gone: u64,
}

#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) picks: Vec<Pick>,
    /// Arrival times of the requests that are in their first batch.
    pub(super) queued: Vec<Instant>,
    pub(super) gone: u64,
}

impl Batcher {
    pub(super) fn new(limits: BatchLimits) -> Self {
        let (tickets, fresh, partial) = (HashMap::new(), VecDeque::new(), VecDeque::new());
        Self { limits, tickets, fresh, partial, last: 0, partial_first: false, gone: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.tickets.len()
    }

    pub(super) fn add(&mut self, ticket: Ticket) {
        let missing = ticket.texts.len();
        if missing == 0 {
            let _ = ticket.answer.send(Vec::new());
            return;
        }
        self.last += 1;
        let vectors = std::iter::repeat_with(|| None).take(missing).collect();
        self.tickets.insert(self.last, Waiting { ticket, next: 0, vectors, missing });
        self.fresh.push_back(self.last);
    }

    /// The next batch, empty if nothing is queued.
    pub(super) fn next(&mut self) -> Batch {
        let mut batch = Batch::default();
        self.partial_first = !self.partial_first;
        if self.partial_first {
            self.fill(&mut batch, Self::take_partial, 1);
        }
        self.fill(&mut batch, Self::take_fresh, usize::MAX);
        self.fill(&mut batch, Self::take_partial, usize::MAX);
        batch.gone = std::mem::take(&mut self.gone);
        batch
    }

    /// Adds at most `most` texts of one queue, up to the limits.
    fn fill(&mut self, batch: &mut Batch, take: fn(&mut Self, &[Pick]) -> Option<Taken>, most: usize) {
        for _ in 0..most {
            let Some(Taken { pick, queued }) = take(self, &batch.picks) else { return };
            batch.picks.push(pick);
            batch.queued.extend(queued);
        }
    }

    fn take_fresh(&mut self, batch: &[Pick]) -> Option<Taken> {
        let number = self.first(|this| &mut this.fresh)?;
        let taken = self.take(number, batch)?;
        self.fresh.pop_front();
        self.wait_again(number);
        Some(taken)
    }

    fn take_partial(&mut self, batch: &[Pick]) -> Option<Taken> {
        let number = self.first(|this| &mut this.partial)?;
        let taken = self.take(number, batch)?;
        self.partial.pop_front();
        self.wait_again(number);
        Some(taken)
    }

    fn wait_again(&mut self, number: u64) {
        if self.tickets.get(&number).is_some_and(|waiting| waiting.next < waiting.vectors.len()) {
            self.partial.push_back(number);
        }
    }

    /// The first request in a queue whose caller still waits.
    fn first(&mut self, line: fn(&mut Self) -> &mut VecDeque<u64>) -> Option<u64> {
        loop {
            let number = *line(self).front()?;
            match self.tickets.get(&number) {
                Some(waiting) if !waiting.ticket.answer.is_closed() => return Some(number),
                _ => {
                    line(self).pop_front();
                    self.gone += u64::from(self.tickets.remove(&number).is_some());
                }
            }
        }
    }

    /// Takes a request's next text, if it fits the batch.
    fn take(&mut self, number: u64, batch: &[Pick]) -> Option<Taken> {
        let waiting = self.tickets.get_mut(&number)?;
        let text = waiting.next;
        let tokens = waiting.ticket.texts.get_mut(text)?;
        if !self.limits.takes(batch, tokens.len()) {
            return None;
        }
        let tokens = std::mem::take(tokens);
        waiting.next += 1;
        let queued = (text == 0).then_some(waiting.ticket.queued);
        Some(Taken { pick: Pick { ticket: number, text, tokens }, queued })
    }

    /// Stores a text's vector; the last one completes the request.
    pub(super) fn settle(&mut self, pick: &Pick, vector: Vector) {
        let Some(waiting) = self.tickets.get_mut(&pick.ticket) else { return };
        let Some(place @ None) = waiting.vectors.get_mut(pick.text) else { return };
        *place = Some(vector);
        waiting.missing -= 1;
        if waiting.missing == 0
            && let Some(waiting) = self.tickets.remove(&pick.ticket)
        {
            // Fails only if the caller has gone.
            let _ = waiting.ticket.answer.send(waiting.vectors.into_iter().flatten().collect());
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng, rngs::StdRng};

    use super::*;

    type Answer = oneshot::Receiver<Vec<Vector>>;

    fn batcher(tokens: usize) -> Batcher {
        Batcher::new(BatchLimits { tokens, texts: 64 })
    }

    /// Queues a request with texts of these lengths; `name` is the value of all tokens.
    fn ask(batcher: &mut Batcher, name: i32, lengths: &[usize]) -> Answer {
        let (answer, answered) = oneshot::channel();
        let texts = lengths.iter().map(|length| vec![name; *length]).collect();
        batcher.add(Ticket { texts, answer, queued: Instant::now() });
        answered
    }

    /// Computes a batch with the vector (name, index of the text, length). Returns name and length of each text.
    fn compute(batcher: &mut Batcher) -> Vec<(i32, usize)> {
        let batch = batcher.next();
        for pick in &batch.picks {
            batcher.settle(pick, Ok(vec![pick.tokens[0] as f32, pick.text as f32, pick.tokens.len() as f32]));
        }
        batch.picks.iter().map(|pick| (pick.tokens[0], pick.tokens.len())).collect()
    }

    #[test]
    fn texts_are_packed_up_to_the_budget_and_no_further() {
        let mut batcher = batcher(10);
        let _first = ask(&mut batcher, 1, &[4]);
        let _second = ask(&mut batcher, 2, &[6]);
        let _third = ask(&mut batcher, 3, &[1]);
        assert_eq!(compute(&mut batcher), [(1, 4), (2, 6)]);
        assert_eq!(compute(&mut batcher), [(3, 1)]);
        assert_eq!((compute(&mut batcher), batcher.len()), (vec![], 0));
    }

    #[test]
    fn a_text_longer_than_the_budget_goes_alone() {
        let mut batcher = batcher(10);
        let _large = ask(&mut batcher, 1, &[25]);
        let _small = ask(&mut batcher, 2, &[2]);
        assert_eq!(compute(&mut batcher), [(1, 25)]);
        assert_eq!(compute(&mut batcher), [(2, 2)]);
    }

    #[test]
    fn a_batch_has_no_more_texts_than_fit() {
        let mut batcher = Batcher::new(BatchLimits { tokens: 1000, texts: 3 });
        let _many = ask(&mut batcher, 1, &[1; 5]);
        assert_eq!((compute(&mut batcher).len(), compute(&mut batcher).len()), (3, 2));
    }

    #[test]
    fn an_answer_has_the_order_of_its_texts() {
        let mut batcher = batcher(8);
        let mut many = ask(&mut batcher, 1, &[5, 1, 7, 2, 2, 8]);
        let mut other = ask(&mut batcher, 2, &[3, 3]);
        while !compute(&mut batcher).is_empty() {}
        let lengths = |answer: &mut Answer| -> Vec<(f32, f32)> {
            let vectors = answer.try_recv().expect("an answer");
            vectors.into_iter().map(|vector| vector.map(|v| (v[1], v[2])).expect("a vector")).collect()
        };
        assert_eq!(lengths(&mut many), [(0.0, 5.0), (1.0, 1.0), (2.0, 7.0), (3.0, 2.0), (4.0, 2.0), (5.0, 8.0)]);
        assert_eq!(lengths(&mut other), [(0.0, 3.0), (1.0, 3.0)]);
    }

    #[test]
    fn a_small_request_does_not_wait_for_a_large_one_that_is_under_way() {
        let mut batcher = batcher(10);
        let _large = ask(&mut batcher, 1, &[5; 100]);
        for _ in 0..5 {
            assert_eq!(compute(&mut batcher), [(1, 5), (1, 5)]);
            let mut small = ask(&mut batcher, 2, &[5]);
            assert!(compute(&mut batcher).contains(&(2, 5)));
            assert!(small.try_recv().is_ok());
        }
    }

    #[test]
    fn a_stream_of_small_requests_does_not_stop_a_large_one() {
        let mut batcher = batcher(10);
        let mut large = ask(&mut batcher, 1, &[10; 20]);
        compute(&mut batcher);
        let mut answers = Vec::new();
        for batches in 1.. {
            answers.extend((0..4).map(|_| ask(&mut batcher, 2, &[5])));
            compute(&mut batcher);
            if large.try_recv().is_ok() {
                assert!(batches <= 40, "it took {batches} batches, with every other its own");
                return;
            }
        }
    }

    #[test]
    fn those_who_have_gone_are_left_out_and_the_others_are_not() {
        let mut batcher = batcher(10);
        let large = ask(&mut batcher, 1, &[5; 100]);
        let gone = ask(&mut batcher, 2, &[5]);
        let mut stays = ask(&mut batcher, 3, &[5]);
        drop(gone);
        assert_eq!(compute(&mut batcher), [(1, 5), (3, 5)]);
        assert!(stays.try_recv().is_ok());
        drop(large);
        let batch = batcher.next();
        assert_eq!((batch.picks.len(), batch.gone, batcher.len()), (0, 1, 0));
    }

    #[test]
    fn whatever_comes_and_goes_everybody_who_stays_is_answered_within_the_budget() {
        for seed in 0..300 {
            let mut random = StdRng::seed_from_u64(seed);
            let limits = BatchLimits { tokens: random.random_range(1..40), texts: random.random_range(1..8) };
            let (mut batcher, mut answers) = (Batcher::new(limits), Vec::new());
            for name in 0..40 {
                let lengths: Vec<usize> = (0..random.random_range(1..12)).map(|_| random.random_range(1..30)).collect();
                answers.push((lengths.len(), ask(&mut batcher, name, &lengths)));
                if random.random_bool(0.3) {
                    answers.swap_remove(random.random_range(0..answers.len()));
                }
                if random.random_bool(0.5) {
                    held(&compute(&mut batcher), limits, seed);
                }
            }
            loop {
                let batch = compute(&mut batcher);
                if batch.is_empty() {
                    break;
                }
                held(&batch, limits, seed);
            }
            assert_eq!(batcher.len(), 0, "seed {seed}");
            for (texts, mut answer) in answers {
                assert_eq!(answer.try_recv().map(|vectors| vectors.len()), Ok(texts), "seed {seed}");
            }
        }
    }

    fn held(batch: &[(i32, usize)], limits: BatchLimits, seed: u64) {
        let tokens: usize = batch.iter().map(|(_, length)| length).sum();
        assert!(batch.len() <= 1 || (tokens <= limits.tokens && batch.len() <= limits.texts), "seed {seed}: {batch:?}");
    }
}
