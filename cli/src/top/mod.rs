//! `ruche top`: queues and workers, live, on the whole screen.
//!
//! One task asks the gateway, one thread reads keys, and drawing waits for either: a slow gateway never delays a key.
//! The terminal is restored on every exit, even a panic (by [`ratatui::try_init`]).

mod frame;
mod snapshot;

use std::{
    io::{self, IsTerminal},
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use clap::Args;
use ratatui::{
    Terminal,
    backend::TestBackend,
    crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers},
};
use tokio::{
    sync::mpsc,
    time::{MissedTickBehavior, interval},
};

use crate::{access::Access, client::Client, output, project::Project, refused::Refused};
use snapshot::{History, Snapshot};

/// The longest wait for a key, and so for the end of the thread that reads them.
const KEYS: Duration = Duration::from_millis(100);

/// Watch queues and workers live. q, Esc or Ctrl-C leaves.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    access: Access,
    /// Print one frame as text and end; with --json the numbers behind it.
    #[arg(long)]
    once: bool,
    /// The size of that frame, in columns and lines.
    #[arg(long, default_value = "80x24", value_parser = size, requires = "once", value_name = "COLUMNSxLINES")]
    size: (u16, u16),
    /// How often to look: `1s` at the least.
    #[arg(long, default_value = "2s", value_parser = crate::values::duration)]
    every: Duration,
}

/// After this many requests without an answer, the frame says so.
const SILENT: u32 = 3;

enum Happening {
    Leave,
    Redraw,
}

pub(crate) async fn run(project: &Project, arguments: Arguments) -> Result<ExitCode> {
    let client = arguments.access.client(project)?;
    if arguments.once {
        return once(&client, arguments.access.json, arguments.size).await;
    }
    let every = arguments.every.max(Duration::from_secs(1));
    if arguments.access.json {
        return stream(&client, every).await;
    }
    if !io::stdout().is_terminal() {
        return Err(Refused::usage("this needs a terminal: `ruche top --once` prints one frame".to_owned()));
    }
    let mut terminal = ratatui::try_init().context("the terminal can't be taken over")?;
    let stop = Arc::new(AtomicBool::new(false));
    let result = live(&client, &mut terminal, every, &stop).await;
    stop.store(true, Ordering::Relaxed);
    ratatui::restore();
    result.map(|()| ExitCode::SUCCESS)
}

async fn once(client: &Client, json: bool, (width, height): (u16, u16)) -> Result<ExitCode> {
    let snapshot = Snapshot::take(client).await?;
    if json {
        output::json(&snapshot.to_json())?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut history = History::default();
    history.add(&snapshot);
    let mut terminal = Terminal::new(TestBackend::new(width, height))?;
    terminal.draw(|frame| frame::draw(frame, client.address(), Some(&snapshot), &history, None))?;
    let buffer = terminal.backend().buffer();
    let lines = buffer.content().chunks(usize::from(width)).map(|cells| {
        let line: String = cells.iter().map(|cell| cell.symbol()).collect();
        format!("{}\n", line.trim_end())
    });
    output::text(&lines.collect::<String>())?;
    Ok(ExitCode::SUCCESS)
}

/// Prints one document a line until the reader closes the output.
async fn stream(client: &Client, every: Duration) -> Result<ExitCode> {
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        output::ndjson(&Snapshot::take(client).await?.to_json())?;
    }
}

async fn live(
    client: &Client,
    terminal: &mut ratatui::DefaultTerminal,
    every: Duration,
    stop: &Arc<AtomicBool>,
) -> Result<()> {
    let (mut snapshot, mut history, mut trouble) = (None, History::default(), None);
    let mut happenings = happenings(stop.clone())?;
    let mut snapshots = snapshots(client.clone(), every);
    let (mut heard, mut seconds) = (Instant::now(), interval(Duration::from_secs(1)));
    let mut terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    loop {
        // Old data would look current.
        let silent = heard.elapsed();
        let silence = (silent > every * SILENT).then(|| format!("no answer for {} s", silent.as_secs()));
        let trouble_now = silence.as_deref().or(trouble.as_deref());
        terminal.draw(|frame| frame::draw(frame, client.address(), snapshot.as_ref(), &history, trouble_now))?;
        tokio::select! {
            happening = happenings.recv() => match happening {
                Some(Happening::Redraw) => {}
                Some(Happening::Leave) | None => return Ok(()),
            },
            _ = terminated.recv() => return Ok(()),
            _ = seconds.tick() => {}
            taken = snapshots.recv() => {
                heard = Instant::now();
                match taken {
                    Some(Ok(taken)) => {
                        history.add(&taken);
                        (snapshot, trouble) = (Some(taken), None);
                    }
                    Some(Err(error)) => trouble = Some(error.to_string()),
                    None => return Ok(()),
                }
            }
        }
    }
}

/// Takes snapshots until the receiver is dropped.
fn snapshots(client: Client, every: Duration) -> mpsc::Receiver<Result<Snapshot>> {
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        let mut ticks = interval(every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if sender.send(Snapshot::take(&client).await).await.is_err() {
                return;
            }
        }
    });
    receiver
}

/// Keys and changes of the window's size, read by a thread, since that blocks.
fn happenings(stop: Arc<AtomicBool>) -> Result<mpsc::Receiver<Happening>> {
    let (sender, receiver) = mpsc::channel(16);
    std::thread::Builder::new().name("keys".to_owned()).spawn(move || {
        while !stop.load(Ordering::Relaxed) {
            let happening = match event::poll(KEYS).and_then(|is_there| is_there.then(event::read).transpose()) {
                Ok(None) => continue,
                Ok(Some(event)) => meaning(&event),
                // The terminal is gone.
                Err(_) => Some(Happening::Leave),
            };
            if let Some(happening) = happening
                && sender.blocking_send(happening).is_err()
            {
                return;
            }
        }
    })?;
    Ok(receiver)
}

fn meaning(event: &Event) -> Option<Happening> {
    match event {
        Event::Resize(..) => Some(Happening::Redraw),
        Event::Key(key) if key.kind == KeyEventKind::Press => match key.code {
            KeyCode::Char('q') | KeyCode::Esc => Some(Happening::Leave),
            KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => Some(Happening::Leave),
            _ => None,
        },
        _ => None,
    }
}

fn size(text: &str) -> Result<(u16, u16), String> {
    let parsed = text.split_once('x').and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
    let allowed = 1..=1000_u16;
    parsed
        .filter(|(width, height)| allowed.contains(width) && allowed.contains(height))
        .ok_or_else(|| format!("{text:?} is no size: write columns and lines, 1 to 1000 each, as in 80x24"))
}
