//! Delivers jobs to one worker: it pulls as many as the worker has free slots, never more.
//!
//! Pull requests and answers are in the value, not in the future that waits for them, so dropping that future loses
//! nothing. All pull requests answer to one inbox. The inbox is replaced every few seconds, and the new one counts
//! from zero: a request that the server lost (a leader that crashed) occupies slots no longer than that. After a lost
//! connection the inbox is dropped at once: jobs on their way are redelivered elsewhere.

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
    topology::{
        names::Names,
        sources::{SOURCES, Source},
    },
};
use serde_json::json;
use tokio::{sync::watch::Receiver, task::unconstrained, time};

use super::{
    availability::{AvailabilityProbes, PullEvent},
    connection::{Health, RequestError},
    delivery,
    ensure::Keeper,
    fetch_scheduler::{FetchScheduler, PullRequest},
    shared::Shared,
};
use crate::{
    port::{Deliveries, Delivery},
    retry::{Backoff, RetryPolicy},
};

/// The most slots of one worker.
const MAX_FREE: usize = 8192;

/// After this time an inbox that still waits for something is replaced.
const RENEW: Duration = Duration::from_secs(10);

/// How late the answer to a pull request may come.
const GRACE: Duration = Duration::from_secs(1);

/// The longest delay after an error.
const LONGEST_DELAY: Duration = Duration::from_secs(5);

const RETRY: RetryPolicy = RetryPolicy::new(Duration::from_millis(50), LONGEST_DELAY);

enum Incoming {
    /// In the inbox with this index.
    Message(usize, Option<Message>),
    Probe(PullEvent),
}

struct Inbox {
    subject: String,
    subscriber: Subscriber,
    /// Jobs per source that were requested and neither arrived nor were declined.
    in_flight: [usize; SOURCES],
    opened: Instant,
    /// When the last of its requests has surely expired.
    over: Instant,
}

pub(super) struct NatsDeliveries {
    shared: Arc<Shared>,
    kind: Kind,
    pool: Option<String>,
    stream: String,
    health: Receiver<Health>,
    losses: u64,
    /// Newest last: new requests use that one.
    inboxes: VecDeque<Inbox>,
    probes: AvailabilityProbes,
    arrived: VecDeque<Delivery>,
    scheduler: FetchScheduler,
    /// When to plan again if nothing happens.
    again: Option<Instant>,
    /// After an error: the next delay, and until when nothing is requested.
    delays: Backoff,
    quiet_until: Option<Instant>,
    /// Whether streams or consumers may be missing.
    recover: bool,
}

#[async_trait]
impl Deliveries for NatsDeliveries {
    async fn next(&mut self, free: NonZeroUsize) -> Vec<Delivery> {
        let free = free.get().min(MAX_FREE);
        loop {
            self.collect();
            if let Err(error) = self.pull_free(free).await {
                self.reset();
                self.back_off(&error);
            }
            if !self.arrived.is_empty() {
                return self.hand_out(free);
            }
            self.wait().await;
        }
    }

    fn reserve(&mut self, slots: usize) {
        self.scheduler.reserved = slots;
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
    pub(super) fn new(shared: Arc<Shared>, kind: Kind, pool: Option<String>) -> Self {
        let health = shared.connection.health();
        let losses = health.borrow().losses;
        let stream = shared.names.jobs(&kind);
        Self {
            shared,
            kind,
            pool,
            stream,
            health,
            losses,
            inboxes: VecDeque::new(),
            probes: AvailabilityProbes::default(),
            arrived: VecDeque::new(),
            scheduler: FetchScheduler::default(),
            again: None,
            delays: RETRY.delays(),
            quiet_until: None,
            recover: false,
        }
    }

    fn hand_out(&mut self, free: usize) -> Vec<Delivery> {
        self.arrived.make_contiguous().sort_by_key(|delivery| delivery.lane);
        let count = self.arrived.len().min(free);
        self.arrived.drain(..count).collect()
    }

    /// Takes what has arrived without waiting, and drops what a lost connection made worthless.
    fn collect(&mut self) {
        let losses = self.health.borrow_and_update().losses;
        let lost = losses != self.losses;
        self.losses = losses;
        for _ in 0..self.inboxes.len() {
            let Some(mut inbox) = self.inboxes.pop_front() else { break };
            // Unconstrained, to take everything: a job that stays in a dropped inbox comes again only after the ack
            // wait. There are no more than were requested.
            while let Some(Some(message)) = unconstrained(inbox.subscriber.next()).now_or_never() {
                self.receive(&mut inbox, message);
            }
            if !lost {
                self.inboxes.push_back(inbox);
            }
        }
        if lost {
            self.reset();
        }
        while let Some(event) = self.probes.try_next() {
            self.on_event(event);
        }
    }

    /// The state of the sources may be wrong: all are probed again.
    fn reset(&mut self) {
        self.probes.clear();
        self.scheduler.reset();
    }

    /// Requests as many jobs as there are slots without a request.
    async fn pull_free(&mut self, free: usize) -> Result<(), RequestError> {
        self.again = None;
        self.shared.connection.check()?;
        let now = Instant::now();
        if self.quiet_until.is_some_and(|until| now < until) {
            return Ok(());
        }
        self.quiet_until = None;
        if self.recover && self.arrived.is_empty() {
            let own = std::slice::from_ref(&self.kind);
            let ensured = async {
                self.shared.ensure(own, Keeper::Worker(own)).await?;
                match &self.pool {
                    Some(pool) => self.shared.ensure_pool(&self.kind, pool).await,
                    None => Ok(()),
                }
            };
            if let Err(error) = ensured.await {
                return Err(RequestError::Disconnected(error.to_string()));
            }
            self.recover = false;
        }
        for inbox in self.inboxes.iter().filter(|inbox| inbox.over <= now) {
            let silent = (0..SOURCES).filter(|&source| inbox.in_flight[source] > 0);
            silent.for_each(|source| self.scheduler.unanswered(source));
        }
        self.inboxes.retain(|inbox| inbox.over > now);
        let in_flight = std::array::from_fn(|source| self.inboxes.iter().map(|inbox| inbox.in_flight[source]).sum());
        let interactive = self.arrived.iter().filter(|delivery| delivery.lane == Lane::Interactive).count();
        let arrived = (interactive, self.arrived.len() - interactive);
        let plan = self.scheduler.allocate(free, &in_flight, arrived, now);
        self.again = plan.again;
        for request in plan.requests {
            let source = Source::at(request.source);
            let consumer =
                self.pool.as_ref().map_or_else(|| source.consumer(), |pool| Names::pool_consumer(source, pool));
            let subject = format!("$JS.API.CONSUMER.MSG.NEXT.{}.{consumer}", self.stream);
            if request.jobs > 0 {
                self.pull(subject.clone(), request).await?;
            }
            if request.probe {
                self.probes.send(&self.shared.connection, subject, request.source).await?;
                self.scheduler.probe_sent(request.source, now);
            }
        }
        Ok(())
    }

    async fn pull(&mut self, subject: String, request: PullRequest) -> Result<(), RequestError> {
        let body = match request.wait.as_nanos() {
            0 => json!({"batch": request.jobs, "no_wait": true}),
            wait => json!({"batch": request.jobs, "expires": u64::try_from(wait).unwrap_or(u64::MAX)}),
        };
        let shared = Arc::clone(&self.shared);
        let inbox = self.inbox().await?;
        // A status has neither source nor count: its subject has them.
        let reply = format!("{}.{}.{}", inbox.subject, request.source, request.jobs);
        shared.connection.send(subject, reply, Bytes::from(body.to_string())).await?;
        inbox.in_flight[request.source] += request.jobs;
        inbox.over = inbox.over.max(Instant::now() + request.wait + GRACE);
        Ok(())
    }

    async fn inbox(&mut self) -> Result<&mut Inbox, RequestError> {
        let now = Instant::now();
        let fresh = match self.inboxes.back_mut() {
            None => false,
            Some(inbox) if inbox.in_flight == [0; SOURCES] => {
                inbox.opened = now;
                true
            }
            Some(inbox) => now < inbox.opened + RENEW,
        };
        if !fresh {
            let subject = self.shared.connection.client.new_inbox();
            let subscriber = self.shared.connection.subscribe(format!("{subject}.*.*")).await?;
            let (in_flight, over) = ([0; SOURCES], now + GRACE);
            self.inboxes.push_back(Inbox { subject, subscriber, in_flight, opened: now, over });
        }
        self.inboxes.back_mut().ok_or(RequestError::Timeout)
    }

    /// Waits until something arrives, or it is time to plan again.
    async fn wait(&mut self) {
        let now = Instant::now();
        let reasons = self.inboxes.iter().map(|inbox| inbox.over).chain(self.quiet_until).chain(self.again);
        let until = reasons.min().unwrap_or(now + LONGEST_DELAY).max(now + Duration::from_millis(1));
        let (inboxes, probes) = (&mut self.inboxes, &mut self.probes);
        let incoming = poll_fn(|context| {
            for (index, inbox) in inboxes.iter_mut().enumerate() {
                if let Poll::Ready(message) = inbox.subscriber.poll_next_unpin(context) {
                    return Poll::Ready(Incoming::Message(index, message));
                }
            }
            probes.poll(context).map(Incoming::Probe)
        });
        tokio::select! {
            incoming = incoming => match incoming {
                Incoming::Message(index, message) => {
                    let Some(mut inbox) = self.inboxes.remove(index) else { return };
                    // Without a message the client was closed: drop the inbox.
                    if let Some(message) = message {
                        self.receive(&mut inbox, message);
                        self.inboxes.insert(index, inbox);
                    }
                }
                Incoming::Probe(event) => self.on_event(event),
            },
            Ok(()) = self.health.changed() => {
                self.quiet_until = None;
                self.delays.reset();
            },
            () = time::sleep_until(until.into()) => {}
        }
    }

    fn receive(&mut self, inbox: &mut Inbox, message: Message) {
        let Some(status) = message.status else {
            match delivery::read(&self.shared, &self.kind, message) {
                Some((delivery, source, behind)) => {
                    inbox.in_flight[source] = inbox.in_flight[source].saturating_sub(1);
                    self.scheduler.job_arrived(source, behind);
                    self.arrived.push_back(delivery);
                    self.delays.reset();
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
        let in_flight = &mut inbox.in_flight[index];
        let unused = message.headers.as_ref().and_then(|headers| headers.get("Nats-Pending-Messages"));
        // Without that header it ends a request that did not wait, the only one of its source.
        let unused = unused.and_then(|unused| unused.as_str().parse().ok()).unwrap_or(jobs).min(*in_flight);
        *in_flight -= unused;
        match status {
            StatusCode::NOT_FOUND | StatusCode::TIMEOUT => {
                self.scheduler.exhausted(Source::at(index), unused, Instant::now());
                self.delays.reset();
            }
            status => self.refused(status, message.description),
        }
    }

    fn on_event(&mut self, event: PullEvent) {
        match event {
            PullEvent::Notified(source) => self.scheduler.notified(source),
            PullEvent::Expired(source) => self.scheduler.probe_expired(source),
            PullEvent::Refused(source, status, description) => {
                self.scheduler.probe_expired(source);
                self.refused(status, description);
            }
            PullEvent::Closed => self.reset(),
        }
    }

    /// The consumer is gone, has lost its leader or can't take more pulls.
    fn refused(&mut self, status: StatusCode, description: Option<String>) {
        self.recover = true;
        let description = description.unwrap_or_else(|| "nobody answers".to_owned());
        self.back_off(&RequestError::Unexpected(format!("{status} {description}")));
    }

    /// Requests nothing for a while, longer each time, so that a fleet does not overload a failing server.
    fn back_off(&mut self, error: &RequestError) {
        if self.quiet_until.is_some_and(|until| until > Instant::now()) {
            return;
        }
        let delay = self.delays.next_delay();
        self.quiet_until = Some(Instant::now() + delay);
        if delay > LONGEST_DELAY / 2 {
            tracing::warn!(job.kind = %self.kind, error = %error, "can't take jobs: trying again");
        } else {
            tracing::debug!(job.kind = %self.kind, error = %error, "can't take jobs: trying again");
        }
    }
}
