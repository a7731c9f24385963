//! The queue alone, through Ruche's port: publish, consume, confirmed ack; no handler, no event, no commit. Empty,
//! and behind a backlog.

use std::{
    num::NonZeroUsize,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use anyhow::Result;
use futures::{StreamExt, TryStreamExt, future, stream};
use ruche_bus::{Bus, Headers, Message, nats::Nats};
use ruche_schemas::{Envelope, Job, JobId, JobRef, Lane, TenantId};

use crate::{
    noop::Noop,
    raw::{self, BODY, IN_FLIGHT, per_second},
    servers::{Servers, settings},
    table::table,
};

const SLOTS: usize = 1024;

const TENANTS: usize = 16;

/// Publishes and consumes concurrently; jobs per second until the last confirmed ack.
pub async fn throughput(servers: &Servers, jobs: usize) -> Result<f64> {
    let bus = open(servers).await?;
    let tenant: TenantId = "bench".parse()?;
    let start = Instant::now();
    let publish = async {
        let sends = stream::iter(0..jobs).map(|_| publish(&*bus, &tenant));
        sends.buffer_unordered(IN_FLIGHT).try_collect::<()>().await
    };
    tokio::try_join!(publish, consume(Arc::clone(&bus), jobs))?;
    Ok(per_second(jobs, start.elapsed()))
}

/// Prints the effect of a backlog on the rate and on the memory of the server and of this program.
pub async fn backlog(servers: &Servers, backlog: usize, jobs: usize) -> Result<()> {
    let bus = open(servers).await?;
    let tenant: TenantId = "bench".parse()?;
    let tenants = (0..TENANTS).map(|i| format!("bench{i}").parse()).collect::<Result<Vec<TenantId>, _>>()?;
    let mut rows = table(&["jobs that wait", "jobs/s", "of empty", "server RSS MiB", "worker RSS MiB"]);
    let mut empty = 0.0;
    for waiting in [0, backlog] {
        // Of several tenants: one alone may not have so many.
        let fill = stream::iter(0..waiting).map(|job| publish(&*bus, &tenants[job % TENANTS]));
        fill.buffer_unordered(IN_FLIGHT * 4).try_collect::<()>().await?;
        let start = Instant::now();
        let sends = stream::iter(0..jobs).map(|_| publish(&*bus, &tenant));
        let sends = sends.buffer_unordered(IN_FLIGHT).try_collect::<()>();
        tokio::try_join!(sends, consume(Arc::clone(&bus), jobs))?;
        let rate = per_second(jobs, start.elapsed());
        if waiting == 0 {
            empty = rate;
        }
        let share = format!("{:.2}", rate / empty);
        let [server, worker] = [servers.nats_pid(), std::process::id().cast_signed()].map(resident_mib);
        rows.add_row([waiting.to_string(), format!("{rate:.0}"), share, server, worker]);
    }
    let [empty, behind] = raw::backlog(&servers.nats, backlog, jobs).await?;
    for (waiting, rate) in [(0, empty), (backlog, behind)] {
        let (waiting, share) = (format!("{waiting}, raw async-nats"), format!("{:.2}", rate / empty));
        rows.add_row([waiting, format!("{rate:.0}"), share, String::new(), String::new()]);
    }
    println!("The queue alone, {jobs} jobs published and settled, empty and behind a backlog.\n\n{rows}\n");
    Ok(())
}

/// In MiB, from Linux.
fn resident_mib(pid: i32) -> String {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kib.map_or_else(|| "?".to_owned(), |kib| (kib / 1024).to_string())
}

async fn open(servers: &Servers) -> Result<Arc<dyn Bus>> {
    let (config, _) = settings(servers)?;
    let nats = Nats::connect(&config.nats, Duration::from_secs(30)).await?;
    nats.ensure(&[Noop::KIND]).await?;
    Ok(Arc::new(nats))
}

async fn publish(bus: &dyn Bus, tenant: &TenantId) -> Result<()> {
    let job = JobRef { tenant: tenant.clone(), id: JobId::generate() };
    let body = Noop { filling: "x".repeat(BODY) };
    let envelope = Envelope::new(job.id, tenant.clone(), Lane::Normal, SystemTime::now().into(), body);
    let payload = serde_json::to_vec(&envelope)?.into();
    let (kind, lane, headers) = (Noop::KIND, Lane::Normal, Headers::new());
    bus.publish(Message { job, kind, lane, payload, headers, first_seq: None }).await?;
    Ok(())
}

/// Takes jobs as slots become free and acknowledges each, as the worker runtime does.
async fn consume(bus: Arc<dyn Bus>, jobs: usize) -> Result<()> {
    let mut deliveries = bus.consume(&Noop::KIND).await?;
    let mut acks = stream::FuturesUnordered::new();
    let mut settled = 0;
    while settled < jobs {
        let free = NonZeroUsize::new(SLOTS - acks.len());
        let batch = async {
            match free {
                Some(free) => deliveries.next(free).await,
                None => future::pending().await,
            }
        };
        tokio::select! {
            batch = batch => acks.extend(batch.into_iter().map(|delivery| tokio::spawn(delivery.done()))),
            Some(ack) = acks.next(), if !acks.is_empty() => {
                ack??;
                settled += 1;
            }
        }
    }
    deliveries.close().await;
    Ok(())
}
