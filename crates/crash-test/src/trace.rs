//! Reading a trace of system calls (`strace -f -yy`): which requests came, what was written to the log of the
//! database and brought to disk, and which answers left, in the order in which it happened.

use std::collections::HashMap;

/// Something that matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A request was read from a connection.
    Request {
        /// The connection.
        connection: String,
        /// Its path.
        path: String,
    },
    /// An answer began to leave on a connection.
    Answer {
        /// The connection.
        connection: String,
        /// Its HTTP status.
        status: u16,
    },
    /// A request to the bank began to leave.
    BankAsked {
        /// Its path.
        path: String,
    },
    /// The database's log was written; it may be in the page cache only.
    Written,
    /// What was written is on disk.
    OnDisk,
}

/// One request and its answer, and what happened in between.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exchange {
    /// The request's path.
    pub path: String,
    /// The answer's HTTP status.
    pub status: u16,
    /// How often something reached the disk after it was written, before the bank was asked.
    pub before_bank: u32,
    /// The same after that, until the answer left.
    pub before_answer: u32,
    /// Whether the bank was asked.
    pub bank_asked: bool,
}

/// The files that a commit must reach.
const LOGS: [&str; 2] = ["/gateway.db-wal>", "/pg_wal/"];
/// What the bank is asked for while a request is open.
const BANK: &str = "\"POST /v1.0/";

/// Reads the events of a trace.
pub fn events(trace: &str) -> Vec<Event> {
    let mut begun: HashMap<&str, &str> = HashMap::new();
    let mut events = Vec::new();
    for line in trace.lines() {
        let Some((process, call)) = line.split_once(char::is_whitespace) else {
            continue;
        };
        let call = call.trim_start();
        if let Some(call) = call.strip_suffix("<unfinished ...>") {
            begun.insert(process, call);
            events.extend(left(call));
            continue;
        }
        if let Some(rest) = call.strip_prefix("<... ") {
            let rest = rest.split_once(" resumed>").map_or("", |(_, rest)| rest);
            if let Some(begin) = begun.remove(process) {
                events.extend(ended(begin, rest));
            }
            continue;
        }
        events.extend(left(call));
        events.extend(ended(call, call));
    }
    events
}

/// What counts when a call begins: bytes that leave.
fn left(call: &str) -> Option<Event> {
    let (name, arguments) = call.split_once('(')?;
    if !matches!(name, "sendto" | "sendmsg" | "write" | "writev") {
        return None;
    }
    if let Some((_, answer)) = arguments.split_once("\"HTTP/1.1 ") {
        return Some(Event::Answer {
            connection: connection(arguments)?,
            status: answer.get(..3)?.parse().ok()?,
        });
    }
    let path = path_after(arguments, BANK)?;
    (!path.contains("access-token")).then_some(Event::BankAsked { path })
}

/// What counts when a call has ended well: bytes that came, and what reached the disk.
fn ended(begin: &str, rest: &str) -> Option<Event> {
    let (name, arguments) = begin.split_once('(')?;
    let (_, result) = rest.rsplit_once(" = ")?;
    let of_log = LOGS.iter().any(|log| arguments.contains(log));
    match name {
        "fdatasync" | "fsync" if of_log && result.trim() == "0" => Some(Event::OnDisk),
        "pwrite64" | "write" | "pwritev" | "writev" if of_log => Some(Event::Written),
        "recvfrom" | "read" | "recvmsg" | "readv" => {
            let path =
                path_after(arguments, "\"POST /").or_else(|| path_after(rest, "\"POST /"))?;
            Some(Event::Request {
                connection: connection(arguments)?,
                path: format!("/{path}"),
            })
        }
        _ => None,
    }
}

fn path_after(text: &str, begin: &str) -> Option<String> {
    let (_, path) = text.split_once(begin)?;
    path.split([' ', '"']).next().map(str::to_owned)
}

/// The first argument with what strace knows about it: both ends of the connection.
fn connection(arguments: &str) -> Option<String> {
    arguments
        .split_once(">,")
        .map(|(first, _)| first.to_owned())
}

/// The exchanges of these paths, for requests that came one at a time.
pub fn exchanges(events: &[Event], paths: &[&str]) -> Vec<Exchange> {
    let mut open: HashMap<&str, Exchange> = HashMap::new();
    let mut done = Vec::new();
    let mut dirty = false;
    for event in events {
        match event {
            Event::Request { connection, path } => {
                if paths.contains(&path.as_str()) {
                    let exchange = Exchange {
                        path: path.clone(),
                        ..Exchange::default()
                    };
                    open.insert(connection, exchange);
                }
            }
            Event::Answer { connection, status } => {
                if let Some(mut exchange) = open.remove(connection.as_str()) {
                    exchange.status = *status;
                    done.push(exchange);
                }
            }
            Event::BankAsked { .. } => {
                open.values_mut()
                    .for_each(|exchange| exchange.bank_asked = true);
            }
            Event::Written => dirty = true,
            Event::OnDisk if dirty => {
                dirty = false;
                for exchange in open.values_mut() {
                    if exchange.bank_asked {
                        exchange.before_answer += 1;
                    } else {
                        exchange.before_bank += 1;
                    }
                }
            }
            Event::OnDisk => {}
        }
    }
    done
}

impl Exchange {
    /// Whether what it says was on disk: once before the bank was asked, once more before the answer left.
    pub fn is_durable(&self) -> bool {
        self.before_answer > 0 && (self.before_bank > 0 || !self.bank_asked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONNECTION: &str = "15<TCP:[127.0.0.1:20001->127.0.0.1:45678]>";

    fn trace(lines: &[String]) -> Vec<Exchange> {
        exchanges(&events(&lines.join("\n")), &["/pay"])
    }

    fn request() -> String {
        format!(
            r#"7 recvfrom({CONNECTION}, "POST /pay HTTP/1.1\r\nhost"..., 8192, 0, NULL, NULL) = 800"#
        )
    }

    fn answer() -> String {
        format!(
            r#"7 sendto({CONNECTION}, "HTTP/1.1 200 OK\r\n"..., 300, MSG_NOSIGNAL, NULL, 0) = 300"#
        )
    }

    fn commit(on_disk: bool) -> Vec<String> {
        let mut lines =
            vec![r#"8 pwrite64(12</t/gateway.db-wal>, "x"..., 4096, 32) = 4096"#.to_owned()];
        if on_disk {
            lines.push("8 fdatasync(12</t/gateway.db-wal> <unfinished ...>".to_owned());
            lines.push("7 read(3<pipe>, \"\", 8) = 0".to_owned());
            lines.push("8 <... fdatasync resumed>) = 0".to_owned());
        }
        lines
    }

    fn bank() -> String {
        r#"7 sendto(16<TCP:[a->b]>, "POST /v1.0/debit/payment-host-to-host HTTP/1.1"..., 9, 0, NULL, 0) = 9"#.to_owned()
    }

    #[test]
    fn an_answer_after_both_commits_are_on_disk_is_durable() {
        let lines = [
            vec![request()],
            commit(true),
            vec![bank()],
            commit(true),
            vec![answer()],
        ];
        let found = trace(&lines.concat());
        assert_eq!(found.len(), 1);
        assert!(found.iter().all(Exchange::is_durable), "{found:?}");
    }

    #[test]
    fn an_answer_before_the_last_commit_is_on_disk_is_not() {
        let lines = [
            vec![request()],
            commit(true),
            vec![bank()],
            commit(false),
            vec![answer()],
        ];
        assert!(!trace(&lines.concat()).iter().any(Exchange::is_durable));
        let lines = [
            vec![request()],
            commit(false),
            vec![bank()],
            commit(true),
            vec![answer()],
        ];
        assert!(!trace(&lines.concat()).iter().any(Exchange::is_durable));
    }
}
