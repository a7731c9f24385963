//! One trace from the request to the database: W3C Trace Context (<https://www.w3.org/TR/trace-context/>) in message
//! headers.
//!
//! Thirty lines between `tracing` spans and a message's [`Headers`], because no crate carries them well.

use opentelemetry::{
    propagation::{Extractor, Injector, TextMapPropagator},
    trace::TraceContextExt,
};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::port::message::Headers;

struct Carrier<'a>(&'a mut Headers);

impl Injector for Carrier<'_> {
    fn set(&mut self, key: &str, value: String) {
        if !value.is_empty() {
            self.0.insert(key.to_owned(), value);
        }
    }
}

struct Reader<'a>(&'a Headers);

impl Extractor for Reader<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).collect()
    }
}

/// Writes the current span's context: `traceparent` and, if there is one, `tracestate`.
pub fn inject(headers: &mut Headers) {
    TraceContextPropagator::new().inject_context(&Span::current().context(), &mut Carrier(headers));
}

/// Makes the headers' context the span's parent, if there is one.
pub fn adopt(span: &Span, headers: &Headers) {
    let context = TraceContextPropagator::new().extract(&Reader(headers));
    // An error means that the span is disabled or has begun: there is nothing to adopt.
    let _ = span.set_parent(context);
}

/// Of the current span, 32 hexadecimal digits.
#[must_use]
pub fn trace_id() -> Option<String> {
    let context = Span::current().context();
    let span = context.span();
    let span = span.span_context();
    span.is_valid().then(|| span.trace_id().to_string())
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::TracerProvider;
    use opentelemetry_sdk::trace::SdkTracerProvider;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[test]
    fn a_trace_goes_on_across_a_message() {
        let provider = SdkTracerProvider::builder().build();
        let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            let mut headers = Headers::new();
            let sent = tracing::info_span!("sender").in_scope(|| {
                inject(&mut headers);
                trace_id()
            });
            assert!(headers.contains_key("traceparent"), "{headers:?}");
            let receiver = tracing::info_span!("receiver");
            adopt(&receiver, &headers);
            assert!(sent.is_some());
            assert_eq!(receiver.in_scope(trace_id), sent);
        });
    }
}
