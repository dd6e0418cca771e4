//! Every answer again: to the byte under the same external id, and the same under another one.

use std::collections::BTreeMap;

use anyhow::Result;
use merchant_sdk::Answer;
use snap::paths;

use super::Findings;
use crate::bodies;
use crate::book::{Book, Told};
use crate::calls::{Caller, Said, Wire, text_in};

/// A payment that has ended: what a merchant hears who never got the first answer.
const ENDED: &str = "4035400";

/// Repeats everything in a book, through any gateway.
pub(super) async fn all(findings: &mut Findings, book: &Book, caller: &mut Caller) -> Result<()> {
    let mut tokens = Tokens::default();
    for told in &book.answers {
        if let Some(code) = &told.auth_code
            && tokens.of(caller, code).await?.is_none()
        {
            // The binding has ended, so the question cannot be asked again; the status can.
            continue;
        }
        let said = &told.said;
        let again = tokens.ask(caller, told, &said.wire).await?;
        stands(
            findings,
            said,
            again.map(|answer| (answer.status, answer.body)),
        );
        if said.done && said.wire.path != paths::BINDING {
            let wire = caller.wire(said.wire.path, said.wire.body.clone());
            let again = tokens.ask(caller, told, &wire).await?;
            let code = again.as_ref().and_then(Answer::code);
            let again = again.map(|answer| (answer.status, answer.body));
            names_the_same(findings, said, again, code.as_deref());
        }
    }
    Ok(())
}

/// The customers' tokens, each under the code that it was given for.
#[derive(Default)]
struct Tokens(BTreeMap<String, Option<String>>);

impl Tokens {
    /// The token for this code; none when its binding has ended.
    async fn of(&mut self, caller: &mut Caller, code: &str) -> Result<Option<String>> {
        if !self.0.contains_key(code) {
            let wire = caller.wire(paths::TOKEN_B2B2C, bodies::exchange(code, false)?);
            let said = caller.insist(wire, None).await;
            let token = said.and_then(|said| text_in(&said.body, "/accessToken"));
            self.0.insert(code.to_owned(), token);
        }
        Ok(self.0.get(code).cloned().flatten())
    }

    /// Asks with the token for what was told. One that a gateway gave before it had heard that time was moved
    /// on is old for the others, so a token that is refused is renewed, once.
    async fn ask(
        &mut self,
        caller: &mut Caller,
        told: &Told,
        wire: &Wire,
    ) -> Result<Option<Answer>> {
        let Some(code) = &told.auth_code else {
            return Ok(caller.once(wire, None).await);
        };
        let token = self.of(caller, code).await?;
        let answer = caller.once(wire, token.as_deref()).await;
        let refused = answer.as_ref().and_then(Answer::code);
        if !refused.is_some_and(|code| code.starts_with("401") && code.ends_with("02")) {
            return Ok(answer);
        }
        self.0.remove(code);
        let token = self.of(caller, code).await?;
        Ok(caller.once(wire, token.as_deref()).await)
    }
}

/// The same bytes under the same X-EXTERNAL-ID: 409 with the first answer's body.
pub(super) fn stands(findings: &mut Findings, said: &Said, again: Option<(u16, Vec<u8>)>) {
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
pub(super) fn names_the_same(
    findings: &mut Findings,
    said: &Said,
    again: Option<(u16, Vec<u8>)>,
    code: Option<&str>,
) {
    let same = again == Some((200, said.body.clone()));
    // Who never heard the first answer hears what is true now.
    let truth = said.tries > 1 && said.wire.path == paths::PAYMENT && code == Some(ENDED);
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
