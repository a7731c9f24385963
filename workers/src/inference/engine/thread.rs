//! Starts the engine's thread and notices its end, however it ends.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, mpsc as std_mpsc},
};

use tokio::sync::{mpsc, watch};

use super::{
    Shared, StartError,
    scheduler::{Scheduler, Ticket},
};
use crate::inference::engine::port::{Facts, LoadError, Loader, Vocabulary};

/// Native libraries use more stack than Rust's default for threads leaves comfortable.
const STACK_BYTES: usize = 16 << 20;

/// A thread that has loaded its model.
pub(super) struct Started {
    pub(super) facts: Facts,
    pub(super) vocabulary: Arc<dyn Vocabulary>,
    /// Becomes true when the thread has ended.
    pub(super) ended: watch::Receiver<bool>,
}

type Ready = Result<(Facts, Arc<dyn Vocabulary>), LoadError>;

/// Starts the thread and waits until its model is loaded.
pub(super) fn start(
    loader: Box<dyn Loader>,
    shared: Arc<Shared>,
    inbox: mpsc::Receiver<Ticket>,
    sizes: (u32, u32),
) -> Result<Started, StartError> {
    let (ready, loaded) = std_mpsc::sync_channel::<Ready>(1);
    let (end, ended) = watch::channel(false);
    let body = move || {
        // A panic drops all senders: every generation and every waiting request is told.
        let result = catch_unwind(AssertUnwindSafe(|| work(loader, &shared, inbox, sizes, &ready)));
        shared.switch.turn_off();
        if result.is_err() {
            tracing::error!("the engine's thread has panicked: every answer breaks off");
        }
        end.send_replace(true);
    };
    std::thread::Builder::new()
        .name("engine".to_owned())
        .stack_size(STACK_BYTES)
        .spawn(body)
        .map_err(|error| StartError::Thread(error.to_string()))?;
    let died = || StartError::Thread("it died while the model was loaded; see the log above".to_owned());
    let (facts, vocabulary) = loaded.recv().map_err(|_| died())??;
    Ok(Started { facts, vocabulary, ended })
}

fn work(
    loader: Box<dyn Loader>,
    shared: &Arc<Shared>,
    inbox: mpsc::Receiver<Ticket>,
    sizes: (u32, u32),
    ready: &std_mpsc::SyncSender<Ready>,
) {
    shared.switch.is_mine();
    let result = loader.run(Box::new(|facts, vocabulary, decoder| {
        // Nobody listens any more: then nobody will ever ask.
        if ready.send(Ok((facts, Arc::clone(&vocabulary)))).is_ok() {
            Scheduler::new(decoder, vocabulary, Arc::clone(shared), inbox, sizes).run();
        }
    }));
    if let Err(error) = result {
        let _ = ready.send(Err(error));
    }
}
