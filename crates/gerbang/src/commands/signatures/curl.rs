//! A `curl` command line, as people paste it: the options that make up the request, and no others.

use std::path::Path;

use anyhow::{Context as _, bail, ensure};

use super::raw::{Raw, bytes};

/// Options that take a value which does not matter here.
const WITH_VALUE: &[&str] = &[
    "-A",
    "-b",
    "-c",
    "-e",
    "-m",
    "-o",
    "-u",
    "-w",
    "-x",
    "--user-agent",
    "--cookie",
    "--cookie-jar",
    "--referer",
    "--max-time",
    "--connect-timeout",
    "--output",
    "--user",
    "--write-out",
    "--proxy",
    "--cacert",
    "--cert",
    "--key",
    "--resolve",
    "--retry",
    "--retry-delay",
];

/// Short options that take a value; it may stand right behind the letter.
const SHORT_WITH_VALUE: &[u8] = b"XHdAbcemouwx";

/// Reads a command line.
pub fn parse(text: &str) -> anyhow::Result<Raw> {
    ensure!(
        !text.contains(" $'"),
        "$'…' is bash's own quoting and cannot be read here: put the body into a file and write --data-binary @FILE"
    );
    // Lines are continued by a backslash, or by ^ in what was copied on Windows.
    let text = text
        .replace("\r\n", "\n")
        .replace("^\n", " ")
        .replace("\\\n", " ");
    let words = shlex::split(&text).context("a quote in the curl command line is not closed")?;
    let mut words = words.into_iter().skip_while(|word| word == "$").peekable();
    ensure!(
        words
            .next()
            .is_some_and(|word| word == "curl" || word.ends_with("/curl")),
        "the command line must begin with `curl`"
    );
    let mut request = Reader::default();
    while let Some(word) = words.next() {
        let (option, attached) = split(&word);
        let mut value = || {
            let value = attached.clone().or_else(|| words.next());
            value.with_context(|| format!("curl's {option} needs a value"))
        };
        match option.as_str() {
            "-X" | "--request" => request.method = Some(value()?),
            "-H" | "--header" => request.header(&value()?)?,
            "-d" | "--data" | "--data-ascii" => request.data(&value()?, At::WithoutLineEnds)?,
            "--data-binary" => request.data(&value()?, At::AsItIs)?,
            "--data-raw" => request.data(&value()?, At::Literal)?,
            "--json" => request.json(&value()?)?,
            "--url" => request.raw.set_url(&value()?)?,
            "--data-urlencode" | "-F" | "--form" | "-G" | "--get" | "-T" | "--upload-file" => {
                bail!(
                    "curl's {option} sends no JSON body; SNAP requests use -d, --data-raw, --data-binary or --json"
                )
            }
            _ if WITH_VALUE.contains(&option.as_str()) => drop(value()?),
            _ if option.starts_with('-') => {}
            _ => request.raw.set_url(&with_scheme(&word))?,
        }
    }
    request.finish()
}

/// curl takes a host without a scheme.
fn with_scheme(url: &str) -> String {
    if url.contains("://") {
        url.to_owned()
    } else {
        format!("http://{url}")
    }
}

/// An option and the value attached to it: `-XPOST`, `--request=POST` is not curl's. Of short options written
/// together, such as `-sSX`, the last may take a value.
fn split(word: &str) -> (String, Option<String>) {
    let bytes = word.as_bytes();
    if !word.starts_with('-') || word.starts_with("--") || bytes.len() < 2 {
        return (word.to_owned(), None);
    }
    let takes_value = |byte: &u8| SHORT_WITH_VALUE.contains(byte);
    match bytes.iter().skip(1).position(takes_value) {
        None => (word.to_owned(), None),
        Some(at) => {
            let letter = word.get(at + 1..at + 2).unwrap_or_default();
            let rest = word.get(at + 2..).unwrap_or_default();
            let attached = (!rest.is_empty()).then(|| rest.to_owned());
            (format!("-{letter}"), attached)
        }
    }
}

/// What an @ at the beginning of the data means.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    /// The file, of which curl drops the line ends.
    WithoutLineEnds,
    /// The file.
    AsItIs,
    /// Nothing.
    Literal,
}

#[derive(Default)]
struct Reader {
    raw: Raw,
    method: Option<String>,
    data: Option<Vec<u8>>,
}

impl Reader {
    fn header(&mut self, value: &str) -> anyhow::Result<()> {
        let Some(file) = value.strip_prefix('@') else {
            return self.raw.add_header(value);
        };
        let text = String::from_utf8_lossy(&bytes(Path::new(file))?).into_owned();
        text.lines()
            .filter(|line| !line.trim().is_empty())
            .try_for_each(|line| self.raw.add_header(line))
    }

    fn data(&mut self, value: &str, at: At) -> anyhow::Result<()> {
        let more = read(value, at)?;
        match &mut self.data {
            None => self.data = Some(more),
            Some(data) => {
                data.push(b'&');
                data.extend(more);
            }
        }
        Ok(())
    }

    fn json(&mut self, value: &str) -> anyhow::Result<()> {
        let more = read(value, At::AsItIs)?;
        self.data.get_or_insert_default().extend(more);
        if self.raw.header("Content-Type").is_none() {
            self.raw.add_header("Content-Type: application/json")?;
        }
        Ok(())
    }

    fn finish(self) -> anyhow::Result<Raw> {
        let Self {
            mut raw,
            method,
            data,
        } = self;
        ensure!(!raw.target.is_empty(), "the curl command line has no URL");
        let default = if data.is_some() { "POST" } else { "GET" };
        raw.method = method.unwrap_or_else(|| default.to_owned());
        raw.body = data.unwrap_or_default();
        Ok(raw)
    }
}

fn read(value: &str, at: At) -> anyhow::Result<Vec<u8>> {
    match value.strip_prefix('@') {
        Some(file) if at != At::Literal => {
            let mut bytes = bytes(Path::new(file))?;
            if at == At::WithoutLineEnds {
                bytes.retain(|byte| !matches!(byte, b'\r' | b'\n' | 0));
            }
            Ok(bytes)
        }
        _ => Ok(value.as_bytes().to_vec()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_people_paste_is_read() {
        let raw = parse(
            "curl -sSX POST 'https://api.example/a/b?c=d' \\\n  -H 'X-TIMESTAMP: T' --header \"X-EMPTY;\" \
             -o /dev/null --compressed \\\n  -d '{\"a\": \"it'\\''s\"}'",
        )
        .unwrap();
        assert_eq!(raw.method, "POST");
        assert_eq!(raw.target, "/a/b?c=d");
        assert_eq!(raw.base_url.as_deref(), Some("https://api.example"));
        assert_eq!(raw.header("x-timestamp"), Some("T"));
        assert_eq!(raw.header("X-EMPTY"), None);
        assert_eq!(raw.body, br#"{"a": "it's"}"#);
        let raw = parse("$ curl localhost:8700/x --json '{' --json '}'").unwrap();
        assert_eq!((raw.method.as_str(), raw.target.as_str()), ("POST", "/x"));
        assert_eq!(raw.body, b"{}");
        assert_eq!(raw.header("Content-Type"), Some("application/json"));
        assert_eq!(parse("curl -XGET https://a.example").unwrap().method, "GET");
    }

    #[test]
    fn files_are_read_as_curl_reads_them() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("body.json");
        std::fs::write(&file, "{\r\n}\n").unwrap();
        let body = |option: &str| {
            let line = format!("curl https://a.example {option} @{}", file.display());
            parse(&line).unwrap().body
        };
        assert_eq!(body("-d"), b"{}");
        assert_eq!(body("--data-binary"), b"{\r\n}\n");
        assert_eq!(body("--json"), b"{\r\n}\n");
        assert_eq!(body("--data-raw").first(), Some(&b'@'));
        std::fs::write(&file, "X-A: 1\nX-B: 2\n").unwrap();
        let line = format!("curl https://a.example -H @{}", file.display());
        assert_eq!(parse(&line).unwrap().header("X-B"), Some("2"));
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        for (line, why) in [
            ("wget https://a.example", "begin with `curl`"),
            ("curl -d '{}'", "no URL"),
            ("curl 'https://a.example", "not closed"),
            ("curl https://a.example --data-raw $'{\\n}'", "$'…'"),
            ("curl https://a.example -F a=b", "-F"),
            ("curl https://a.example -d", "needs a value"),
            ("curl https://a.example -d @no-such-file", "no-such-file"),
        ] {
            let error = format!("{:#}", parse(line).unwrap_err());
            assert!(error.contains(why), "{line}: {error}");
        }
    }
}
