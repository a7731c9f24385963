//! Every bound of the gateway that is not a setting, by name.

use std::time::Duration;

/// How long a request's body may take to arrive.
pub const BODY_TIME: Duration = Duration::from_secs(30);
/// How much of a body that is too large is still read (and dropped), so that the client sees the answer instead of
/// a broken connection.
pub const BODY_DRAIN_BYTES: usize = 64 * 1024 * 1024;
/// How long the body of a request may take to arrive that submits a job, where those may be large.
pub const LARGE_BODY_TIME: Duration = Duration::from_secs(120);
/// Requests and NDJSON lines that are larger than `gateway.body_bytes` and in memory at once; more of them wait to be read.
pub const LARGE_BODIES: usize = 8;
/// What a request may have around the body of its job, in bytes.
pub const AROUND_BODY: usize = 256 * 1024;
/// How long the object store may take to keep a body.
pub const OFFLOAD_TIME: Duration = Duration::from_secs(60);
/// How long the deletion of an object may keep its client waiting.
pub const DELETE_TIME: Duration = Duration::from_secs(5);
/// The largest result that the view of a job shows whole, in bytes; larger ones have a place of their own.
pub const RESULT_SHOWN: u64 = 1024 * 1024;
/// How long the bus may take to accept a job.
pub const PUBLISH_TIME: Duration = Duration::from_secs(10);
/// The longest idempotency key, in bytes.
pub const IDEMPOTENCY_KEY_BYTES: usize = 255;
/// How many checked API keys are remembered.
pub const CACHED_KEYS: usize = 10_000;
/// How long a key that was checked before is trusted further when the database does not answer, before it is asked
/// again.
pub const STALE_KEY_TIME: Duration = Duration::from_secs(5);
/// How long the list of models is remembered.
pub const MODELS_TIME: Duration = Duration::from_secs(3);
/// How old the list of models may be when a name is not in it: a worker may have just started.
pub const MODELS_MISS_TIME: Duration = Duration::from_millis(500);
/// How often a silent stream says that it is alive.
pub const HEARTBEAT: Duration = Duration::from_secs(15);
/// How long a client may read nothing from a connection that has something for it.
pub const WRITE_TIMEOUT: Duration = Duration::from_secs(20);
/// How long a WebSocket may stay silent: its pongs count.
pub const SOCKET_SILENCE: Duration = Duration::from_secs(90);
/// How long a WebSocket may take to say who it is.
pub const SOCKET_AUTH: Duration = Duration::from_secs(10);
/// Jobs that one WebSocket follows at once.
pub const SOCKET_JOBS: usize = 32;
/// Frames that wait for one WebSocket; a full queue stops reading from the bus.
pub const SOCKET_QUEUE: usize = 64;
/// The read buffer of a WebSocket, in bytes: allocated per connection.
pub const SOCKET_READ_BUFFER: usize = 4 * 1024;
/// The write buffer of a WebSocket, in bytes: allocated as needed, at least one event of 1 MiB.
pub const SOCKET_WRITE_BUFFER: usize = 2 * 1024 * 1024;
/// How long a WebSocket's closing handshake may take.
pub const SOCKET_CLOSE: Duration = Duration::from_secs(2);
/// The most conversations on one page.
pub const PAGE: u64 = 100;
/// The conversations on a page, unless asked for otherwise.
pub const PAGE_DEFAULT: u64 = 20;
/// The newest messages that one conversation shows.
pub const MESSAGES: u64 = 1_000;
/// How often the queue depths are read.
pub const DEPTH_EVERY: Duration = Duration::from_secs(5);
/// How long what is left may take to end once the drain time is over.
pub const AFTER_DRAIN: Duration = Duration::from_secs(2);
/// NDJSON lines that are on their way to the bus at once.
pub const NDJSON_AT_ONCE: usize = 64;
/// How long an NDJSON body may be silent.
pub const NDJSON_SILENCE: Duration = Duration::from_secs(60);
/// How often a line is added to its batch before it is refused.
pub const BATCH_TRIES: u32 = 3;
/// The longest key of a unique job, in bytes.
pub const UNIQUE_KEY_BYTES: usize = 255;
/// The longest window of a unique job.
pub const UNIQUE_WINDOW: Duration = Duration::from_secs(30 * 24 * 3600);
/// How far ahead a job may be put off.
pub const AHEAD_DAYS: i64 = 366;
/// How long the bus may take to show the beginning of a log, or what is paused.
pub const FIRST: Duration = Duration::from_secs(2);
/// Tenants whose submissions per second are counted at once; beyond it, those at rest are forgotten.
pub const COUNTED_TENANTS: usize = 10_000;
/// For how long a count of a tenant's backlog is trusted while there is headroom.
pub const HEADROOM_TIME: Duration = Duration::from_secs(1);
/// For how long a tenant whose backlog is full is refused without another count.
pub const FULL_TIME: Duration = Duration::from_millis(250);
/// After how long a tenant whose backlog is full may try again.
pub const BACKLOG_RETRY_SECONDS: u32 = 5;
/// The longest pause before caps of tenants are asked for again.
pub const CAPS_PAUSE: Duration = Duration::from_secs(5);
/// The highest cap on jobs at once: the bus has no more slots.
pub const MOST_IN_FLIGHT: u32 = 10_000;
/// The highest cap on jobs per second.
pub const MOST_PER_SECOND: u32 = 1_000_000;
/// Jobs or dead letters that are read from the bus at once.
pub const SCAN_PAGE: usize = 200;
/// Jobs or dead letters that one page of a list looks at before it ends early, with a next one.
pub const SCAN: usize = 2_000;
/// Jobs or dead letters that one request acts on.
pub const ACT: usize = 100_000;
/// Jobs or dead letters that are acted on at once.
pub const ACT_AT_ONCE: usize = 32;
/// Jobs that the view of a flow shows.
pub const FLOW_JOBS: usize = 1_000;
/// Over which time the jobs per second of a queue are counted.
pub const RATE_TIME: Duration = Duration::from_secs(60);
/// The longest time between two firings of a schedule.
pub const INTERVAL_SECONDS: u64 = 366 * 24 * 3600;
/// The largest render job that is tried without storing its document, in bytes of its body, where nobody says whether it is
/// to be stored: a large text makes a large document, and would be typeset twice.
pub const UNSTORED_RENDER_BYTES: usize = 64 * 1024;
/// Texts of one request for embeddings, as OpenAI has it.
pub const EMBED_TEXTS: usize = 2048;
/// Texts of one of its jobs: the vectors of so many fit an event up to 1,400 numbers each.
pub const EMBED_JOB_TEXTS: usize = 32;
/// Its jobs that are under way at once.
pub const EMBED_JOBS: usize = 8;
/// Bots of one tenant.
pub const BOTS: u64 = 200;
/// Bots that an error names.
pub const BOTS_NAMED: usize = 20;
/// Bots whose chats per minute are counted at once; beyond it, those at rest are forgotten.
pub const COUNTED_BOTS: usize = 10_000;
/// How often a change of a bot is tried that others change too.
pub const BOT_TRIES: u32 = 5;
/// How long the search for a bot's passages may take.
pub const RETRIEVE_TIME: Duration = Duration::from_secs(15);
/// The part of a question that is searched for, in bytes: its end.
pub const QUESTION_BYTES: usize = 2_000;
/// What a job may have around its chat, its bot's instructions and its passages, in bytes.
pub const AROUND_PASSAGES: usize = 4 * 1024;
/// How long a model may take to make a question stand alone.
pub const REWRITE_TIME: Duration = Duration::from_secs(10);
/// Messages before a question that it is made to stand alone by.
pub const REWRITE_MESSAGES: usize = 6;
/// How much of each, in bytes.
pub const REWRITE_MESSAGE_BYTES: usize = 1_000;
/// The longest question that stands alone, in characters; what is longer is no question.
pub const REWRITE_CHARS: usize = 400;
/// Jobs of one collection that embed its documents anew, at once: few enough that other documents are not delayed.
pub const MIGRATE_JOBS: usize = 32;
/// How long a worker may take to say which model it has: other tenants' jobs may be before this one.
pub const MODEL_ASKED: Duration = Duration::from_secs(20);
/// The longest name of a model to go to, in bytes.
pub const MODEL_NAME_BYTES: usize = 256;
/// Documents that are looked at together.
pub const MIGRATE_PAGE: usize = 100;
/// Documents that one request looks at, where many of them have failed.
pub const MIGRATE_SCAN: usize = 2_000;
/// Failed documents that an answer names.
pub const MIGRATE_FAILURES: usize = 20;
/// How often a document is embedded anew, however often that fails or is called for again, before it counts as failed.
pub const MIGRATE_TRIES: u32 = 32;
/// Chunks that one statement deletes.
pub const MIGRATE_DELETED: u64 = 1_000;
/// Such statements of one request.
pub const MIGRATE_SLICES: usize = 20;
/// Collections of one search.
pub const SEARCH_COLLECTIONS: usize = 32;
/// How often a search begins anew, where its collections are changed meanwhile.
pub const SEARCH_TRIES: usize = 4;
/// Sets of collections in the cache.
pub const CACHED_COLLECTION_SETS: usize = 1_000;
/// Hits of one search.
pub const SEARCH_HITS: u32 = 100;
/// Hits of a search, unless asked for otherwise.
pub const SEARCH_HITS_DEFAULT: u32 = 10;
/// Hits that a reranker reads, unless asked for otherwise.
pub const SEARCH_RERANKED: u32 = 30;
/// How much of a hit a reranker gets to read, in bytes.
pub const RERANK_TEXT_BYTES: usize = 16 * 1024;
/// The longest text to search for, in bytes. How much of it a model can read is counted in tokens, and is less.
pub const SEARCH_TEXT_BYTES: usize = 16 * 1024;
/// Sources that a search's filter names.
pub const SEARCH_SOURCES: usize = 100;
/// The longest of them, in bytes.
pub const SEARCH_SOURCE_BYTES: usize = 2048;
/// The largest metadata of a search's filter, in bytes of JSON.
pub const SEARCH_METADATA_BYTES: usize = 16 * 1024;
/// The longest header `ruche-warnings`, in bytes.
pub const WARNINGS_HEADER: usize = 4 * 1024;
/// The longest file name of a document, in characters, without its ending.
pub const FILE_NAME: usize = 100;
/// The parts of a multipart request, besides its files and style sheets.
pub const PARTS: usize = 64;
/// The longest life of a link to a document, in seconds.
pub const LINK_SECONDS: u64 = 7 * 24 * 3600;
/// The life of a link, unless asked for otherwise, in seconds.
pub const LINK_DEFAULT_SECONDS: u64 = 3600;
/// Versions of one template.
pub const TEMPLATE_VERSIONS: u64 = 100;
/// Templates of one tenant.
pub const TEMPLATE_NAMES: u64 = 200;
/// The packages of one tenant's templates together, in bytes.
pub const TEMPLATE_BYTES: u64 = 256 << 20;
/// The longest description of a template, in characters.
pub const TEMPLATE_DESCRIPTION: usize = 200;
/// The longest description of a collection, in characters.
pub const COLLECTION_DESCRIPTION: usize = 1_000;
