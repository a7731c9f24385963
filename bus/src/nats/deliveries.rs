//! Hands jobs to one worker: asks for what it has slots for, never for more.
//!
//! Requests ("pulls") and what they bring live in the value, not in the future that waits for them, so dropping
//! that future loses nothing. All pulls answer into one inbox. An inbox is replaced every few seconds and its
//! successor counts from zero: a pull that the server forgot (a leader that crashed) holds slots back for no longer
//! than that. After a lost connection the inbox is dropped at once: what was on its way comes again elsewhere.

use std::{
    collections::VecDeque,
    future::poll_fn,
    num::NonZeroUsize,
    sync::Arc,
    task::Poll,
    time::{Duration, Instant},
};

use async_nats::{Message, StatusCode, Subscriber};
use async_trait::async_trait;
use bytes::Bytes;
use futures::{FutureExt, StreamExt, future};
use ruche_schemas::{
    Kind, Lane,
    topology::sources::{SOURCES, Source},
};
use serde_json::json;
use tokio::{sync::watch::Receiver, task::unconstrained, time};

use super::{
    availability::{Bells, Word},
    connection::{Health, RequestError, jittered},
    delivery,
    ensure::Keeper,
    fetch_scheduler::{Ask, Credit},
    shared::Shared,
};
use crate::port::{Deliveries, Delivery};

/// The most slots of one worker.
const MAX_FREE: usize = 8192;

/// After this time an inbox that still waits for something is replaced.
const RENEW: Duration = Duration::from_secs(10);

/// How much later than it should a pull may answer.
const GRACE: Duration = Duration::from_secs(1);

/// The delays after a fault: the first, and the bound.
const DELAY: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));

/// What a worker that waits may hear.
enum Heard {
    /// In which inbox.
    Message(usize, Option<Message>),
    /// Among the bells.
    Bell(Word),
}

/// Where pulls answer.
struct Inbox {
    subject: String,
    subscriber: Subscriber,
    /// Jobs that were asked for and have neither come nor been declined, per source.
    promised: [usize; SOURCES],
    opened: Instant,
    /// When the last of its pulls has surely lapsed.
    over: Instant,
}

/// The queue of one kind, as one worker sees it.
pub(super) struct NatsDeliveries {
    shared: Arc<Shared>,
    kind: Kind,
    stream: String,
    health: Receiver<Health>,
    losses: u64,
    /// The newest last; only that one is pulled into.
    inboxes: VecDeque<Inbox>,
    bells: Bells,
    arrived: VecDeque<Delivery>,
    credit: Credit,
    /// When there is something to ask although nothing happened.
    again: Option<Instant>,
    /// After a fault: the next delay, and until when nothing is asked.
    delay: Duration,
    quiet_until: Option<Instant>,
    /// Whether streams or consumers seem to be missing.
    mend: bool,
}

#[async_trait]
impl Deliveries for NatsDeliveries {
    async fn next(&mut self, free: NonZeroUsize) -> Vec<Delivery> {
        let free = free.get().min(MAX_FREE);
        loop {
            self.collect();
            if let Err(error) = self.ask(free).await {
                self.forget();
                self.falter(&error);
            }
            if !self.arrived.is_empty() {
                return self.hand_out(free);
            }
            self.wait().await;
        }
    }

    fn reserve(&mut self, slots: usize) {
        self.credit.reserved = slots;
    }

    async fn close(mut self: Box<Self>) {
        for inbox in &mut self.inboxes {
            // Draining tells the server to stop, and ends the stream after what was on its way.
            let _ = inbox.subscriber.drain().await;
        }
        let until = time::Instant::now() + GRACE;
        while let Some(mut inbox) = self.inboxes.pop_front() {
            while let Ok(Some(message)) = time::timeout_at(until, inbox.subscriber.next()).await {
                self.receive(&mut inbox, message);
            }
        }
        let handed_back = self.arrived.iter().map(|delivery| delivery.settle.nak(Duration::ZERO));
        let failed = future::join_all(handed_back).await.iter().filter(|result| result.is_err()).count();
        if failed > 0 {
            tracing::warn!(jobs = failed, "could not hand jobs back: they come again after the ack wait");
        }
    }
}

impl NatsDeliveries {
    pub(super) fn new(shared: Arc<Shared>, kind: Kind) -> Self {
        let health = shared.connection.health();
        let losses = health.borrow().losses;
        let stream = shared.connection.names.jobs(&kind);
        Self {
            shared,
            kind,
            stream,
            health,
            losses,
            inboxes: VecDeque::new(),
            bells: Bells::default(),
            arrived: VecDeque::new(),
            credit: Credit::default(),
            again: None,
            delay: DELAY.0,
            quiet_until: None,
            mend: false,
        }
    }

    fn hand_out(&mut self, free: usize) -> Vec<Delivery> {
        self.arrived.make_contiguous().sort_by_key(|delivery| delivery.lane);
        let count = self.arrived.len().min(free);
        self.arrived.drain(..count).collect()
    }

    /// Takes what has come without waiting, and drops what a lost connection made worthless.
    fn collect(&mut self) {
        let losses = self.health.borrow_and_update().losses;
        let lost = losses != self.losses;
        self.losses = losses;
        for _ in 0..self.inboxes.len() {
            let Some(mut inbox) = self.inboxes.pop_front() else { break };
            // Unconstrained: all of it, for what stays in a dropped inbox waits for the ack wait. It is no more than
            // was promised.
            while let Some(Some(message)) = unconstrained(inbox.subscriber.next()).now_or_never() {
                self.receive(&mut inbox, message);
            }
            if !lost {
                self.inboxes.push_back(inbox);
            }
        }
        if lost {
            self.forget();
        }
        while let Some(word) = self.bells.heard() {
            self.hear(word);
        }
    }

    /// What is known of the sources may be wrong: all are asked again.
    fn forget(&mut self) {
        self.bells.remove();
        self.credit.forget();
    }

    /// Asks for as many jobs as there are slots that nothing is promised to.
    async fn ask(&mut self, free: usize) -> Result<(), RequestError> {
        self.again = None;
        self.shared.connection.check()?;
        let now = Instant::now();
        if self.quiet_until.is_some_and(|until| now < until) {
            return Ok(());
        }
        self.quiet_until = None;
        if self.mend && self.arrived.is_empty() {
            let own = std::slice::from_ref(&self.kind);
            if let Err(error) = self.shared.ensure(own, Keeper::Worker(own)).await {
                return Err(RequestError::Disconnected(error.to_string()));
            }
            self.mend = false;
        }
        for inbox in self.inboxes.iter().filter(|inbox| inbox.over <= now) {
            let silent = (0..SOURCES).filter(|&source| inbox.promised[source] > 0);
            silent.for_each(|source| self.credit.unanswered(source));
        }
        self.inboxes.retain(|inbox| inbox.over > now);
        let promised = std::array::from_fn(|source| self.inboxes.iter().map(|inbox| inbox.promised[source]).sum());
        let interactive = self.arrived.iter().filter(|delivery| delivery.lane == Lane::Interactive).count();
        let arrived = (interactive, self.arrived.len() - interactive);
        let plan = self.credit.divide(free, &promised, arrived, now);
        self.again = plan.again;
        for ask in plan.asks {
            let subject = Source::at(ask.source).consumer();
            let subject = format!("$JS.API.CONSUMER.MSG.NEXT.{}.{subject}", self.stream);
            if ask.jobs > 0 {
                self.pull(subject.clone(), ask).await?;
            }
            if ask.bell {
                self.bells.leave(&self.shared.connection, subject, ask.source).await?;
                self.credit.left_bell(ask.source, now);
            }
        }
        Ok(())
    }

    async fn pull(&mut self, subject: String, ask: Ask) -> Result<(), RequestError> {
        let body = match ask.wait.as_nanos() {
            0 => json!({"batch": ask.jobs, "no_wait": true}),
            wait => json!({"batch": ask.jobs, "expires": u64::try_from(wait).unwrap_or(u64::MAX)}),
        };
        let shared = Arc::clone(&self.shared);
        let inbox = self.inbox().await?;
        // What a status must tell is in the subject that it comes to.
        let reply = format!("{}.{}.{}", inbox.subject, ask.source, ask.jobs);
        shared.connection.send(subject, reply, Bytes::from(body.to_string())).await?;
        inbox.promised[ask.source] += ask.jobs;
        inbox.over = inbox.over.max(Instant::now() + ask.wait + GRACE);
        Ok(())
    }

    /// The inbox to pull into.
    async fn inbox(&mut self) -> Result<&mut Inbox, RequestError> {
        let now = Instant::now();
        let fresh = match self.inboxes.back_mut() {
            None => false,
            Some(inbox) if inbox.promised == [0; SOURCES] => {
                inbox.opened = now;
                true
            }
            Some(inbox) => now < inbox.opened + RENEW,
        };
        if !fresh {
            let subject = self.shared.connection.client.new_inbox();
            let subscriber = self.shared.connection.subscribe(format!("{subject}.*.*")).await?;
            let (promised, over) = ([0; SOURCES], now + GRACE);
            self.inboxes.push_back(Inbox { subject, subscriber, promised, opened: now, over });
        }
        self.inboxes.back_mut().ok_or(RequestError::Timeout)
    }

    /// Waits until something comes, or there is a reason to ask again.
    async fn wait(&mut self) {
        let now = Instant::now();
        let reasons = self.inboxes.iter().map(|inbox| inbox.over).chain(self.quiet_until).chain(self.again);
        let until = reasons.min().unwrap_or(now + DELAY.1).max(now + Duration::from_millis(1));
        let (inboxes, bells) = (&mut self.inboxes, &mut self.bells);
        let heard = poll_fn(|context| {
            for (index, inbox) in inboxes.iter_mut().enumerate() {
                if let Poll::Ready(message) = inbox.subscriber.poll_next_unpin(context) {
                    return Poll::Ready(Heard::Message(index, message));
                }
            }
            bells.poll(context).map(Heard::Bell)
        });
        tokio::select! {
            heard = heard => match heard {
                Heard::Message(index, message) => {
                    let Some(mut inbox) = self.inboxes.remove(index) else { return };
                    // Without a message the client was closed: the inbox is of no use any more.
                    if let Some(message) = message {
                        self.receive(&mut inbox, message);
                        self.inboxes.insert(index, inbox);
                    }
                }
                Heard::Bell(word) => self.hear(word),
            },
            Ok(()) = self.health.changed() => (self.quiet_until, self.delay) = (None, DELAY.0),
            () = time::sleep_until(until.into()) => {}
        }
    }

    fn receive(&mut self, inbox: &mut Inbox, message: Message) {
        let Some(status) = message.status else {
            match delivery::read(&self.shared, &self.kind, message) {
                Some((delivery, source, behind)) => {
                    inbox.promised[source] = inbox.promised[source].saturating_sub(1);
                    self.credit.came(source, behind);
                    self.arrived.push_back(delivery);
                    self.delay = DELAY.0;
                }
                None => tracing::warn!("a message that is no job came to a worker's inbox"),
            }
            return;
        };
        let mut tokens = message.subject.rsplit('.').map(|token| token.parse::<usize>().unwrap_or(usize::MAX));
        let (jobs, index) = (tokens.next().unwrap_or_default(), tokens.next().unwrap_or(usize::MAX));
        if status == StatusCode::IDLE_HEARTBEAT || index >= SOURCES {
            return;
        }
        let promised = &mut inbox.promised[index];
        let unused = message.headers.as_ref().and_then(|headers| headers.get("Nats-Pending-Messages"));
        // Without that header it is the end of a request that did not wait, the only one of its source.
        let unused = unused.and_then(|unused| unused.as_str().parse().ok()).unwrap_or(jobs).min(*promised);
        *promised -= unused;
        match status {
            StatusCode::NOT_FOUND | StatusCode::TIMEOUT => {
                self.credit.empty(Source::at(index), unused, Instant::now());
                self.delay = DELAY.0;
            }
            status => self.refused(status, message.description),
        }
    }

    fn hear(&mut self, word: Word) {
        match word {
            Word::Rang(source) => self.credit.rang(source),
            Word::Lapsed(source) => self.credit.fell_silent(source),
            Word::Refused(source, status, description) => {
                self.credit.fell_silent(source);
                self.refused(status, description);
            }
            Word::Closed => self.forget(),
        }
    }

    /// The consumer is gone, has lost its leader or can't take more pulls.
    fn refused(&mut self, status: StatusCode, description: Option<String>) {
        self.mend = true;
        let description = description.unwrap_or_else(|| "nobody answers".to_owned());
        self.falter(&RequestError::Unexpected(format!("{status} {description}")));
    }

    /// Asks nothing for a while, longer each time: a server in trouble is not helped by a fleet that insists.
    fn falter(&mut self, error: &RequestError) {
        if self.quiet_until.is_some_and(|until| until > Instant::now()) {
            return;
        }
        self.quiet_until = Some(Instant::now() + jittered(self.delay));
        self.delay = (self.delay * 2).min(DELAY.1);
        if self.delay == DELAY.1 {
            tracing::warn!(job.kind = %self.kind, error = %error, "can't take jobs: trying again");
        } else {
            tracing::debug!(job.kind = %self.kind, error = %error, "can't take jobs: trying again");
        }
    }
}
