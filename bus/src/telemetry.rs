//! Logs and OpenTelemetry traces of a process.
//!
//! Traces leave over OTLP/HTTP when `OTEL_EXPORTER_OTLP_ENDPOINT` is set, from the SDK's own thread, so that a slow
//! collector never delays a job. Trace ids exist without a collector too: they are in rows and dead letters.

use std::io::IsTerminal;

use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::{Resource, trace::SdkTracerProvider};
use ruche_schemas::config::Telemetry;
use tracing_subscriber::{EnvFilter, Layer, layer::SubscriberExt, util::SubscriberInitExt};

#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// The log filter can't be read.
    #[error(
        "telemetry.log = {filter:?} is not a tracing filter: {source} (for instance \"info\" or \"ruche_bus=debug,info\")"
    )]
    Filter {
        /// `telemetry.log`.
        filter: String,
        source: tracing_subscriber::filter::ParseError,
    },
    /// The exporter's settings can't be used.
    #[error("OTEL_EXPORTER_OTLP_ENDPOINT is set, but traces can't be exported: {0}")]
    Exporter(#[from] opentelemetry_otlp::ExporterBuildError),
    /// It was started before.
    #[error("telemetry has already been started: {0}")]
    Twice(#[from] tracing_subscriber::util::TryInitError),
}

/// Sends what has not been exported yet on drop.
#[derive(Debug)]
pub struct Guard(SdkTracerProvider);

impl Drop for Guard {
    fn drop(&mut self) {
        if let Err(error) = self.0.shutdown() {
            tracing::debug!(%error, "the last traces were not exported");
        }
    }
}

/// Starts logs and traces for this process. `service` is its OpenTelemetry `service.name`.
///
/// # Errors
/// When the filter or the exporter's settings can't be used, or it is called twice.
pub fn init(service: &'static str, settings: &Telemetry) -> Result<Guard, InitError> {
    // Only the first call in a process installs the TLS provider.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let filter = EnvFilter::try_new(&settings.log)
        .map_err(|source| InitError::Filter { filter: settings.log.clone(), source })?;
    let logs = match settings.format.as_str() {
        "json" => tracing_subscriber::fmt::layer().json().flatten_event(true).boxed(),
        // Colours are for a terminal only.
        _ => tracing_subscriber::fmt::layer().with_target(false).with_ansi(std::io::stdout().is_terminal()).boxed(),
    };
    let provider = provider(service)?;
    // Its own filter: logs and traces differ, and libraries' spans are noise in both.
    let traces = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer(service))
        .with_filter(EnvFilter::new("off,ruche_bus=info,ruche_gateway=info,ruche_workers=info"));
    tracing_subscriber::registry().with(logs.with_filter(filter)).with(traces).try_init()?;
    Ok(Guard(provider))
}

fn provider(service: &'static str) -> Result<SdkTracerProvider, InitError> {
    let resource = Resource::builder().with_service_name(service).build();
    let builder = SdkTracerProvider::builder().with_resource(resource);
    let wanted = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];
    if !wanted.iter().any(|name| std::env::var(name).is_ok_and(|value| !value.is_empty())) {
        return Ok(builder.build());
    }
    let exporter = opentelemetry_otlp::SpanExporter::builder().with_http().build()?;
    Ok(builder.with_batch_exporter(exporter).build())
}
