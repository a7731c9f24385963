//! Fetches a document's pictures on the web: side by side, and all of them within a few seconds, so that one dead server
//! costs a document little.

use std::{collections::HashMap, time::Duration};

use futures::{StreamExt, stream};
use ruche_schemas::{Base64, kinds::render::FILE_BYTES};
use tokio::time::{Instant, timeout_at};

use crate::egress::Egress;

/// Concurrent fetches for one document.
const FETCHES: usize = 16;
/// The most bytes of pictures that are fetched for one document.
const FETCHED: usize = 64 << 20;

/// The picture of each URL, or why there is none. `progress` gets the number of URLs that are done.
pub(super) async fn fetched(
    egress: &Egress,
    urls: Vec<String>,
    within: Duration,
    progress: impl Fn(usize),
) -> HashMap<String, Result<Base64, String>> {
    let deadline = Instant::now() + within;
    let late =
        |_| format!("it did not arrive within {} s, the time for all pictures of a document", within.as_secs_f64());
    let mut fetches = stream::iter(urls)
        .map(|url| async move {
            let fetched = timeout_at(deadline, egress.fetch(&url, FILE_BYTES as u64)).await.map_err(late);
            let fetched = fetched.and_then(|fetched| fetched.map_err(|error| error.to_string()));
            (url, fetched.map(|fetched| Base64(fetched.bytes.to_vec())))
        })
        .buffer_unordered(FETCHES);
    let (mut pictures, mut bytes) = (HashMap::new(), 0);
    while let Some((url, mut fetched)) = fetches.next().await {
        bytes += fetched.as_ref().map_or(0, |fetched| fetched.0.len());
        if bytes > FETCHED {
            fetched = Err(format!("the document's pictures have more than {FETCHED} bytes together"));
        }
        pictures.insert(url, fetched);
        progress(pictures.len());
    }
    pictures
}

#[cfg(test)]
mod tests {
    use ruche_schemas::config;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;

    /// Serves a picture at one port, and accepts without an answer at another one.
    async fn servers() -> (u16, u16) {
        let (live, dead) =
            (TcpListener::bind("127.0.0.1:0").await.unwrap(), TcpListener::bind("127.0.0.1:0").await.unwrap());
        let ports = (live.local_addr().unwrap().port(), dead.local_addr().unwrap().port());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = live.accept().await {
                let _ = stream.read(&mut [0; 1024]).await;
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nPNG").await;
            }
        });
        tokio::spawn(async move {
            let mut open = Vec::new();
            while let Ok(accepted) = dead.accept().await {
                open.push(accepted);
            }
        });
        ports
    }

    #[tokio::test]
    async fn silent_servers_cost_a_document_no_more_than_the_time_for_all() {
        let (live, dead) = servers().await;
        let settings = config::Egress {
            allow: "127.0.0.1".to_owned(),
            ports: format!("{live},{dead}"),
            max_bytes: 1_000,
            timeout_seconds: 60,
        };
        let egress = Egress::new(&settings).unwrap();
        let mut urls: Vec<String> = (0..60).map(|n| format!("http://127.0.0.1:{dead}/{n}")).collect();
        let picture = format!("http://127.0.0.1:{live}/picture.png");
        urls.insert(10, picture.clone());
        let fetched = fetched(&egress, urls, Duration::from_secs(1), |_| {}).await;
        assert_eq!(fetched.len(), 61, "each is told");
        assert_eq!(fetched[&picture].as_ref().unwrap().0, b"PNG");
        let late = fetched.values().filter_map(|fetched| fetched.as_ref().err());
        assert_eq!(late.filter(|why| why.contains("within 1 s, the time for all")).count(), 60);
    }
}
