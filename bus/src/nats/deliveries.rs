//! Delivers jobs to one worker: it pulls as many as the worker has free slots, never more.
//!
//! Pull requests and answers are in the value, not in the future that waits for them, so dropping that future loses
//! nothing. After a lost connection the inbox of the answers is dropped at once: jobs on their way are redelivered
//! elsewhere.

use std::{
    collections::VecDeque,
    future::poll_fn,
    num::NonZeroUsize,
    sync::Arc,
    task::Poll,
    time::{Duration, Instant},
};

use async_nats::{Message, StatusCode};
use async_trait::async_trait;
use futures::future;
use ruche_schemas::{
    Kind, Lane,
    topology::{names::Names, sources::Source},
};
use tokio::{sync::watch::Receiver, time};

use super::{
    availability::{AvailabilityProbes, PullEvent},
    connection::{Health, RequestError},
    delivery,
    ensure::Keeper,
    fetch_scheduler::FetchScheduler,
    inboxes::{GRACE, Inboxes},
    shared::Shared,
};
use crate::{
    port::{Deliveries, Delivery},
    retry::{Backoff, RetryPolicy},
};

/// The most slots of one worker.
const MAX_FREE: usize = 8192;

/// The longest delay after an error.
const LONGEST_DELAY: Duration = Duration::from_secs(5);

const RETRY: RetryPolicy = RetryPolicy::new(Duration::from_millis(50), LONGEST_DELAY);

enum Incoming {
    /// In the inbox with this index.
    Message(usize, Option<Message>),
    Probe(PullEvent),
}

pub(super) struct NatsDeliveries {
    shared: Arc<Shared>,
    kind: Kind,
    pool: Option<String>,
    stream: String,
    health: Receiver<Health>,
    losses: u64,
    inboxes: Inboxes,
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
        self.inboxes.drain().await;
        let until = time::Instant::now() + GRACE;
        for index in 0..self.inboxes.len() {
            while let Some(message) = self.inboxes.next_until(index, until).await {
                self.receive(index, message);
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
            inboxes: Inboxes::default(),
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
        for index in 0..self.inboxes.len() {
            while let Some(message) = self.inboxes.try_next(index) {
                self.receive(index, message);
            }
        }
        if lost {
            self.inboxes.clear();
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
        for source in self.inboxes.drop_over(now) {
            self.scheduler.unanswered(source);
        }
        let in_flight = self.inboxes.in_flight();
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
                self.inboxes.pull(&self.shared.connection, subject.clone(), request).await?;
            }
            if request.probe {
                self.probes.send(&self.shared.connection, subject, request.source).await?;
                self.scheduler.probe_sent(request.source, now);
            }
        }
        Ok(())
    }

    /// Waits until something arrives, or it is time to plan again.
    async fn wait(&mut self) {
        let now = Instant::now();
        let reasons = self.inboxes.over().chain(self.quiet_until).chain(self.again);
        let until = reasons.min().unwrap_or(now + LONGEST_DELAY).max(now + Duration::from_millis(1));
        let (inboxes, probes) = (&mut self.inboxes, &mut self.probes);
        let incoming = poll_fn(|context| match inboxes.poll(context) {
            Poll::Ready((index, message)) => Poll::Ready(Incoming::Message(index, message)),
            Poll::Pending => probes.poll(context).map(Incoming::Probe),
        });
        tokio::select! {
            incoming = incoming => match incoming {
                Incoming::Message(index, Some(message)) => self.receive(index, message),
                // The client was closed.
                Incoming::Message(index, None) => self.inboxes.remove(index),
                Incoming::Probe(event) => self.on_event(event),
            },
            Ok(()) = self.health.changed() => {
                self.quiet_until = None;
                self.delays.reset();
            },
            () = time::sleep_until(until.into()) => {}
        }
    }

    /// `inbox`: the index of the one where it came.
    fn receive(&mut self, inbox: usize, message: Message) {
        let Some(status) = message.status else {
            match delivery::read(&self.shared, &self.kind, message) {
                Some((delivery, source, behind)) => {
                    self.inboxes.arrived(inbox, source);
                    self.scheduler.job_arrived(source, behind);
                    self.arrived.push_back(delivery);
                    self.delays.reset();
                }
                None => tracing::warn!("a message that is no job came to a worker's inbox"),
            }
            return;
        };
        if status == StatusCode::IDLE_HEARTBEAT {
            return;
        }
        let Some((source, unused)) = self.inboxes.declined(inbox, &message) else { return };
        match status {
            StatusCode::NOT_FOUND | StatusCode::TIMEOUT => {
                self.scheduler.exhausted(Source::at(source), unused, Instant::now());
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
