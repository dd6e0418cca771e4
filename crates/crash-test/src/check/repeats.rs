//! Every answer again: to the byte under the same external id, and the same under another one.

use anyhow::Result;
use snap::paths;

use super::Findings;
use crate::bodies;
use crate::book::{Book, Told};
use crate::calls::{Caller, send, text_in};

/// A payment that has ended: what a merchant hears who never got the first answer.
const ENDED: &str = "4035400";

/// Repeats everything in a book, through any gateway.
pub(super) async fn all(findings: &mut Findings, book: &Book, caller: &mut Caller) -> Result<()> {
    let mut tokens = std::collections::BTreeMap::new();
    for told in &book.answers {
        let token = match &told.auth_code {
            None => None,
            Some(code) => {
                if !tokens.contains_key(code) {
                    tokens.insert(code.clone(), token_of(caller, code).await?);
                }
                match tokens.get(code).cloned().flatten() {
                    // The binding has ended, so the question cannot be asked again; the status can.
                    None => continue,
                    token => token,
                }
            }
        };
        same_request(findings, told, caller, token.as_deref()).await;
        same_reference(findings, told, caller, token.as_deref()).await;
    }
    Ok(())
}

async fn token_of(caller: &mut Caller, code: &str) -> Result<Option<String>> {
    let wire = caller.wire(paths::TOKEN_B2B2C, bodies::exchange(code, false)?);
    let said = caller.insist(wire, None).await;
    Ok(said.and_then(|said| text_in(&said.body, "/accessToken")))
}

/// The same bytes under the same X-EXTERNAL-ID: 409 with the first answer's body.
async fn same_request(
    findings: &mut Findings,
    told: &Told,
    caller: &mut Caller,
    token: Option<&str>,
) {
    let said = &told.said;
    let answer = caller.once(&said.wire, token).await;
    let again = answer
        .as_ref()
        .map(|answer| (answer.status, answer.body.clone()));
    let good = if said.done {
        again == Some((409, said.body.clone()))
    } else {
        // A refusal that claimed nothing may be judged again, but never becomes a yes.
        again
            .as_ref()
            .is_some_and(|(status, body)| *status >= 400 && *body == said.body)
    };
    findings.expect(good, || {
        format!(
            "{} {} was answered {} {}, and the same request is answered {}",
            said.wire.path,
            said.wire.external_id,
            said.status,
            show(&said.body),
            again.map_or("not at all".to_owned(), |(status, body)| format!(
                "{status} {}",
                show(&body)
            ))
        )
    });
}

/// A new request about the same reference: the first answer again with 200.
async fn same_reference(
    findings: &mut Findings,
    told: &Told,
    caller: &mut Caller,
    token: Option<&str>,
) {
    let said = &told.said;
    if !said.done || said.wire.path == paths::BINDING {
        return;
    }
    let wire = caller.wire(said.wire.path, said.wire.body.clone());
    let Some(client) = caller.clients.last() else {
        return;
    };
    let answer = send(client, &wire, token).await;
    let again = answer
        .as_ref()
        .map(|answer| (answer.status, answer.body.clone()));
    let same = again == Some((200, said.body.clone()));
    let code = answer.and_then(|answer| answer.code());
    // Who never heard the first answer hears what is true now.
    let truth =
        said.tries > 1 && said.wire.path == paths::PAYMENT && code.as_deref() == Some(ENDED);
    findings.expect(same || truth, || {
        format!(
            "{} was answered {} after {} tries, and a new request about it is answered {}",
            said.wire.path,
            show(&said.body),
            said.tries,
            again.map_or("not at all".to_owned(), |(status, body)| format!(
                "{status} {}",
                show(&body)
            ))
        )
    });
}

fn show(body: &[u8]) -> String {
    String::from_utf8_lossy(body).into_owned()
}
