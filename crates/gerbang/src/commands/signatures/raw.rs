//! A request as it was saved or is described by arguments, before anyone asks what it means.

use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use url::Url;

use super::curl;
use crate::cli::RequestArgs;

/// Longest request that is read.
const BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Headers that a saved request may have.
const HEADERS_MAX: usize = 128;

/// One HTTP request.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Raw {
    /// The method.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Scheme and host, where they are known.
    pub base_url: Option<String>,
    /// The headers in their order.
    pub headers: Vec<(String, String)>,
    /// The body as sent.
    pub body: Vec<u8>,
    /// What was noticed while it was read.
    pub notes: Vec<String>,
}

impl Raw {
    /// From --curl or --request, with what the other arguments replace.
    pub fn read(args: &RequestArgs) -> anyhow::Result<Self> {
        let mut raw = if let Some(file) = &args.curl {
            let text = String::from_utf8(bytes(file)?);
            curl::parse(&text.context("the curl command line is not UTF-8")?)?
        } else if let Some(file) = &args.request {
            Self::from_http(&bytes(file)?)?
        } else {
            Self {
                method: "POST".to_owned(),
                ..Self::default()
            }
        };
        if let Some(method) = &args.method {
            raw.method.clone_from(method);
        }
        if let Some(path) = &args.path {
            raw.set_url(path)?;
        }
        if let Some(data) = &args.data {
            raw.body = data.clone().into_bytes();
        } else if let Some(file) = &args.body {
            raw.body = bytes(file)?;
        }
        for header in &args.header {
            raw.replace_header(header)?;
        }
        Ok(raw)
    }

    /// From the bytes of an HTTP/1.1 request.
    pub fn from_http(bytes: &[u8]) -> anyhow::Result<Self> {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
        let mut request = httparse::Request::new(&mut headers);
        let parsed = request.parse(bytes).context(
            "the file is no HTTP/1.1 request: it must begin with a line such as `POST /path HTTP/1.1`, then the \
             headers, an empty line and the body",
        )?;
        let httparse::Status::Complete(start) = parsed else {
            bail!("the saved request has no empty line behind its headers");
        };
        let mut raw = Self {
            method: request.method.unwrap_or_default().to_owned(),
            body: bytes.get(start..).unwrap_or_default().to_vec(),
            ..Self::default()
        };
        for header in request.headers.iter() {
            let value = String::from_utf8_lossy(header.value).trim().to_owned();
            raw.headers.push((header.name.to_owned(), value));
        }
        if let Some(host) = raw.header("Host") {
            let scheme = if host.contains(':') { "http" } else { "https" };
            raw.base_url = Some(format!("{scheme}://{host}"));
        }
        raw.set_url(request.path.unwrap_or_default())?;
        raw.fit_to_content_length();
        Ok(raw)
    }

    /// The value of a header; `None` when it is absent or empty.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter();
        let (_, value) = found.find(|(header, _)| header.eq_ignore_ascii_case(name))?;
        Some(value.trim()).filter(|value| !value.is_empty())
    }

    /// Takes a path, or the path out of a URL; kept letter by letter, because it is signed.
    pub fn set_url(&mut self, text: &str) -> anyhow::Result<()> {
        if text.starts_with('/') {
            text.clone_into(&mut self.target);
            return Ok(());
        }
        let url = Url::parse(text);
        let url = url.with_context(|| format!("`{text}` is neither a path nor a URL"))?;
        ensure!(url.has_host(), "`{text}` is neither a path nor a URL");
        let after = text.split_once("://").map_or(text, |(_, after)| after);
        let start = after.find(['/', '?', '#']).unwrap_or(after.len());
        let (host, rest) = after.split_at(start);
        let rest = rest.split('#').next().unwrap_or_default();
        self.base_url = Some(format!("{}://{host}", url.scheme()));
        self.target = match rest.chars().next() {
            Some('/') => rest.to_owned(),
            _ => format!("/{rest}"),
        };
        Ok(())
    }

    /// Adds a header as curl writes it, `Name: value`.
    pub fn add_header(&mut self, line: &str) -> anyhow::Result<()> {
        let (name, value) = line
            .split_once(':')
            .or_else(|| line.strip_suffix(';').map(|name| (name, "")))
            .with_context(|| format!("`{line}` is no header; write `Name: value`"))?;
        self.headers
            .push((name.trim().to_owned(), value.trim().to_owned()));
        Ok(())
    }

    fn replace_header(&mut self, line: &str) -> anyhow::Result<()> {
        let name = line.split(':').next().unwrap_or_default().trim();
        self.headers
            .retain(|(header, _)| !header.eq_ignore_ascii_case(name));
        self.add_header(line)
    }

    /// An editor's line end behind the body is not part of it.
    fn fit_to_content_length(&mut self) {
        let Some(length) = self
            .header("Content-Length")
            .and_then(|text| text.parse().ok())
        else {
            return;
        };
        if self.body.len() > length {
            let over = self.body.len() - length;
            self.body.truncate(length);
            self.notes.push(format!(
                "{over} bytes behind the {length} of Content-Length were left out"
            ));
        } else if self.body.len() < length {
            self.notes.push(format!(
                "the body has {} bytes, Content-Length says {length}: it was not saved exactly as sent",
                self.body.len()
            ));
        }
    }
}

/// The bytes of a file; `-` is standard input.
pub fn bytes(path: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = if path.as_os_str() == "-" {
        std::io::stdin()
            .lock()
            .take(BYTES_MAX)
            .read_to_end(&mut bytes)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(BYTES_MAX).read_to_end(&mut bytes))
    };
    read.with_context(|| format!("{} cannot be read", path.display()))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_saved_request_is_read_with_either_line_end() {
        let lf = "POST /a?b=c HTTP/1.1\nHost: gateway.example\nx-timestamp: T\nContent-Length: 2\n\n{}\n";
        for text in [lf.to_owned(), lf.replace('\n', "\r\n")] {
            let raw = Raw::from_http(text.as_bytes()).unwrap();
            assert_eq!(
                (raw.method.as_str(), raw.target.as_str()),
                ("POST", "/a?b=c")
            );
            assert_eq!(raw.base_url.as_deref(), Some("https://gateway.example"));
            assert_eq!(raw.header("X-TIMESTAMP"), Some("T"));
            assert_eq!(raw.body, b"{}");
            assert_eq!(raw.notes.len(), 1);
        }
        let cut = Raw::from_http(&lf.as_bytes()[..lf.len() - 3]).unwrap();
        assert!(cut.notes.first().unwrap().contains("Content-Length says 2"));
        for broken in ["", "hello", "POST / HTTP/1.1\nHost: a\n"] {
            assert!(Raw::from_http(broken.as_bytes()).is_err(), "{broken:?}");
        }
    }

    #[test]
    fn the_path_is_taken_out_of_a_url_letter_by_letter() {
        let mut raw = Raw::default();
        for (text, target) in [
            ("/a%2fb?c=d e", "/a%2fb?c=d e"),
            ("https://x.example/a/../b?c#d", "/a/../b?c"),
            ("https://x.example", "/"),
            ("https://x.example?c", "/?c"),
        ] {
            raw.set_url(text).unwrap();
            assert_eq!(raw.target, target);
        }
        assert!(raw.set_url("a/b").is_err());
    }
}
