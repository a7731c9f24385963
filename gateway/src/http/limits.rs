//! Every bound of the gateway that is not a setting.

use std::time::Duration;

/// How long a request's body may take to arrive.
pub const BODY_TIME: Duration = Duration::from_secs(30);
/// How much of an oversized body is still read and dropped, so that the client sees the answer and not a broken
/// connection.
pub const BODY_DRAIN_BYTES: usize = 64 * 1024 * 1024;
/// The largest window of a body in zstd, as a power of two: 8 MiB, as RFC 9659 has it. A decoder allocates it.
pub const ZSTD_WINDOW_LOG: u32 = 23;
/// How long a browser may keep the answer to a preflight.
pub const PREFLIGHT_TIME: Duration = Duration::from_secs(2 * 3600);
/// As [`BODY_TIME`], for requests that submit a job and may be large.
pub const LARGE_BODY_TIME: Duration = Duration::from_secs(120);
/// Requests and NDJSON lines over `gateway.body_bytes` in memory at once; others wait.
pub const LARGE_BODIES: usize = 8;
/// The most bytes around the body of a job in its request.
pub const AROUND_BODY: usize = 256 * 1024;
/// How long the object store may take to store a body.
pub const OFFLOAD_TIME: Duration = Duration::from_secs(60);
/// How long a client waits for the deletion of an object.
pub const DELETE_TIME: Duration = Duration::from_secs(5);
/// The largest result in the view of a job, in bytes; larger ones have their own address.
pub const RESULT_SHOWN: u64 = 1024 * 1024;
/// How long the bus may take to accept a job.
pub const PUBLISH_TIME: Duration = Duration::from_secs(10);
pub const IDEMPOTENCY_KEY_BYTES: usize = 255;
/// Of a conversation's title, in characters.
pub const TITLE_CHARS: usize = 200;
/// The bytes of a chat's job that are not the sender's: ids.
pub const AROUND_CHAT: usize = 1_024;
/// As [`AROUND_CHAT`], of a bot's: its instructions and passages too.
pub const AROUND_BOT: usize = 128 * 1024;
/// Of the header that names unknown fields.
pub const IGNORED_BYTES: usize = 1_000;
pub const CACHED_KEYS: usize = 10_000;
/// How long an expired key is trusted further, before the next try, while the database does not answer.
pub const STALE_KEY_TIME: Duration = Duration::from_secs(5);
/// How long the list of models is cached.
pub const MODELS_TIME: Duration = Duration::from_secs(3);
/// The same, when a name is not in it: a worker may have just started.
pub const MODELS_MISS_TIME: Duration = Duration::from_millis(500);
/// How long a request waits for a model while workers are still registering.
pub const REGISTRATION_WAIT: Duration = Duration::from_secs(3);
/// When it may try again after that.
pub const REGISTRATION_RETRY_SECONDS: u32 = 2;
/// The interval of heartbeats on a silent stream.
pub const HEARTBEAT: Duration = Duration::from_secs(15);
/// How long a client may read nothing while data waits for it.
pub const WRITE_TIMEOUT: Duration = Duration::from_secs(20);
/// How long a WebSocket may be silent; its pongs count.
pub const SOCKET_IDLE: Duration = Duration::from_secs(90);
/// How long a WebSocket may take to authenticate.
pub const SOCKET_AUTH: Duration = Duration::from_secs(10);
/// Jobs that one WebSocket follows at once.
pub const SOCKET_JOBS: usize = 32;
/// Frames that wait for one WebSocket; a full queue stops reading from the bus.
pub const SOCKET_QUEUE: usize = 64;
/// In bytes, allocated per connection.
pub const SOCKET_READ_BUFFER: usize = 4 * 1024;
/// In bytes, allocated as needed; at least one event of 1 MiB.
pub const SOCKET_WRITE_BUFFER: usize = 2 * 1024 * 1024;
/// How long a WebSocket's closing handshake may take.
pub const SOCKET_CLOSE: Duration = Duration::from_secs(2);
/// The most items of a page.
pub const PAGE: u64 = 100;
pub const PAGE_DEFAULT: u64 = 20;
/// The newest messages that one conversation shows.
pub const MESSAGES: u64 = 1_000;
/// How often the queue depths are read.
pub const DEPTH_EVERY: Duration = Duration::from_secs(5);
/// How long requests may take to end after the drain time.
pub const AFTER_DRAIN: Duration = Duration::from_secs(2);
/// NDJSON lines on their way to the bus at once.
pub const NDJSON_AT_ONCE: usize = 64;
/// How long an NDJSON body may be silent.
pub const NDJSON_IDLE: Duration = Duration::from_secs(60);
/// How often adding a line to its batch is tried before it is refused.
pub const BATCH_TRIES: u32 = 3;
pub const UNIQUE_KEY_BYTES: usize = 255;
pub const UNIQUE_WINDOW: Duration = Duration::from_secs(30 * 24 * 3600);
/// How far ahead a job may be scheduled.
pub const AHEAD_DAYS: i64 = 366;
/// How long the bus may take to show the beginning of a log, or what is paused.
pub const FIRST: Duration = Duration::from_secs(2);
/// Tenants in the rate limiter; above it, idle ones are forgotten.
pub const COUNTED_TENANTS: usize = 10_000;
/// How long a count of a tenant's backlog is cached while there is headroom.
pub const HEADROOM_TIME: Duration = Duration::from_secs(1);
/// How long a full backlog is cached.
pub const FULL_TIME: Duration = Duration::from_millis(250);
/// The `Retry-After` of a full backlog.
pub const BACKLOG_RETRY_SECONDS: u32 = 5;
/// The longest pause before caps of tenants are requested again.
pub const CAPS_PAUSE: Duration = Duration::from_secs(5);
/// The highest cap on jobs at once: the bus has no more slots.
pub const MOST_IN_FLIGHT: u32 = 10_000;
/// The highest cap on jobs per second.
pub const MOST_PER_SECOND: u32 = 1_000_000;
/// Jobs or dead letters in one read from the bus.
pub const SCAN_PAGE: usize = 200;
/// Jobs or dead letters that one page of a list scans before it ends early, with a next one.
pub const SCAN: usize = 2_000;
/// Jobs or dead letters that one request acts on.
pub const ACT: usize = 100_000;
/// Jobs or dead letters that are acted on concurrently.
pub const ACT_AT_ONCE: usize = 32;
/// Jobs that the view of a flow shows.
pub const FLOW_JOBS: usize = 1_000;
/// The window for a queue's jobs per second.
pub const RATE_TIME: Duration = Duration::from_secs(60);
/// The longest time between two firings of a schedule.
pub const INTERVAL_SECONDS: u64 = 366 * 24 * 3600;
/// The largest body of a render job that is tried without storing its document, in bytes, unless the request decides:
/// a large text makes a large document, and would be typeset twice.
pub const UNSTORED_RENDER_BYTES: usize = 64 * 1024;
/// How long a hybrid search waits for the vector of its text: a worker that died has its jobs until `ack_wait_seconds`
/// have passed.
pub const PROBE_TIME: Duration = Duration::from_secs(4);
/// Texts of one request for embeddings, as OpenAI has it.
pub const EMBED_TEXTS: usize = 2048;
/// Texts of one of its jobs: their vectors fit an event up to 1,400 numbers each.
pub const EMBED_JOB_TEXTS: usize = 32;
/// Its jobs under way at once.
pub const EMBED_JOBS: usize = 8;
/// Bots of one tenant.
pub const BOTS: u64 = 200;
/// Models and aliases that an error lists.
pub const MODELS_NAMED: usize = 30;
/// Bots that an error lists.
pub const BOTS_NAMED: usize = 20;
/// Bots in the rate limiter; above it, idle ones are forgotten.
pub const COUNTED_BOTS: usize = 10_000;
/// Tries of a change to a bot that others change too.
pub const BOT_TRIES: u32 = 5;
/// How long the search for a bot's passages may take.
pub const RETRIEVE_TIME: Duration = Duration::from_secs(15);
/// The part of a question that is searched for, in bytes: its end.
pub const QUESTION_BYTES: usize = 2_000;
/// What a job may have around its chat, its bot's instructions and its passages, in bytes.
pub const AROUND_PASSAGES: usize = 4 * 1024;
/// How long a model may take to make a question stand alone.
pub const REWRITE_TIME: Duration = Duration::from_secs(10);
/// The messages before a question that the model reads for it.
pub const REWRITE_MESSAGES: usize = 6;
/// How much of each, in bytes.
pub const REWRITE_MESSAGE_BYTES: usize = 1_000;
/// The longest standalone question, in characters; longer text is no question.
pub const REWRITE_CHARS: usize = 400;
/// Concurrent jobs of one collection's migration: few enough not to delay other documents.
pub const MIGRATE_JOBS: usize = 32;
/// How long a worker may take to name its model: other tenants' jobs may be first.
pub const MODEL_ASKED: Duration = Duration::from_secs(20);
pub const MODEL_NAME_BYTES: usize = 256;
/// Documents that are checked together.
pub const MIGRATE_PAGE: usize = 100;
/// Documents that one request checks, if many have failed.
pub const MIGRATE_SCAN: usize = 2_000;
/// Failed documents that an answer lists.
pub const MIGRATE_FAILURES: usize = 20;
/// How often a document is embedded anew, whatever the outcome, before it counts as failed.
pub const MIGRATE_TRIES: u32 = 32;
/// Chunks that one statement deletes.
pub const MIGRATE_DELETED: u64 = 1_000;
/// Such statements of one request.
pub const MIGRATE_SLICES: usize = 20;
/// Collections of one search.
pub const SEARCH_COLLECTIONS: usize = 32;
/// Tries of a search whose collections change meanwhile.
pub const SEARCH_TRIES: usize = 4;
pub const CACHED_COLLECTION_SETS: usize = 1_000;
pub const SEARCH_HITS: u32 = 100;
pub const SEARCH_HITS_DEFAULT: u32 = 10;
/// Hits that a reranker reads, by default.
pub const SEARCH_RERANKED: u32 = 30;
/// The part of a hit that a reranker reads, in bytes.
pub const RERANK_TEXT_BYTES: usize = 16 * 1024;
/// The longest text of a search, in bytes. A model reads less, counted in tokens.
pub const SEARCH_TEXT_BYTES: usize = 16 * 1024;
/// Sources in a search's filter.
pub const SEARCH_SOURCES: usize = 100;
pub const SEARCH_SOURCE_BYTES: usize = 2048;
/// The largest metadata in a search's filter, in bytes of JSON.
pub const SEARCH_METADATA_BYTES: usize = 16 * 1024;
/// Conditions of a filter on metadata.
pub const SEARCH_CONDITIONS: usize = 50;
/// The most conditions that a search tells about if it finds nothing.
pub const SEARCH_CONDITIONS_EXPLAINED: usize = 4;
/// The longest header `ruche-warnings`, in bytes.
pub const WARNINGS_HEADER: usize = 4 * 1024;
/// In characters, without the extension.
pub const FILE_NAME: usize = 100;
/// Parts of a multipart request, besides files and style sheets.
pub const PARTS: usize = 64;
/// The longest life of a link to a document.
pub const LINK_SECONDS: u64 = 7 * 24 * 3600;
/// The default life of a link.
pub const LINK_DEFAULT_SECONDS: u64 = 3600;
/// Versions of one template.
pub const TEMPLATE_VERSIONS: u64 = 100;
/// Templates of one tenant.
pub const TEMPLATE_NAMES: u64 = 200;
/// The packages of one tenant's templates together.
pub const TEMPLATE_BYTES: u64 = 256 << 20;
/// In characters.
pub const TEMPLATE_DESCRIPTION: usize = 200;
/// In characters.
pub const COLLECTION_DESCRIPTION: usize = 1_000;
