//! Copying a whole database into an empty one, whichever engine each of them is.
//!
//! Rows are copied as they are stored, so no master key is needed and none is seen. The target says
//! in its settings where its rows come from and how far the copy has come, in the transaction of
//! every batch; a copy that was interrupted goes on from there. At the end both sides are read again
//! and compared. No gateway may run on either side meanwhile: see [`held`].
//!
//! It must never write to a target that was not empty, nor change a row of the source.

mod marks;
mod rows;
mod side;
mod told;

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use crate::{Error, Settings, Value};
pub use marks::{Held, held};
pub use rows::Checksum;
use rows::{KEYS, Table};
use side::Side;
pub use told::{Copied, CopyError, Progress};

/// How often a copy says that it reads, in milliseconds.
const SAY_EVERY_MS: i64 = 5_000;

/// How far a copy has come: the table, and the key of the last row that is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Cursor {
    table: String,
    after: Vec<KeyPart>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
enum KeyPart {
    Int(i64),
    Text(String),
}

/// Whoever watches a copy.
pub type Watcher<'a> = &'a mut (dyn FnMut(Progress) -> ControlFlow<()> + Send);
/// The wall clock, in Unix milliseconds.
pub type WallClock<'a> = &'a (dyn Fn() -> i64 + Send + Sync);

/// Copies everything, or goes on with it. With `start_over`, what an interrupted copy brought is
/// deleted first.
pub async fn copy(
    from: &Settings,
    to: &Settings,
    start_over: bool,
    clock: WallClock<'_>,
    watch: Watcher<'_>,
) -> Result<Copied, CopyError> {
    if let Some(path) = from.url.expose().strip_prefix("sqlite:")
        && !std::path::Path::new(path.strip_prefix("//").unwrap_or(path)).exists()
    {
        return Err(CopyError::NoSource(path.to_owned()));
    }
    let source = Side::open("source", from).await?;
    let target = Side::open("target", to).await?;
    let result = if source.place == target.place {
        Err(CopyError::Same(source.place.clone()))
    } else {
        held_apart(&source, &target, start_over, clock, watch).await
    };
    source.store.close().await;
    target.store.close().await;
    result
}

/// Keeps gateways off the source as long as it takes.
async fn held_apart(
    source: &Side,
    target: &Side,
    start_over: bool,
    clock: WallClock<'_>,
    watch: Watcher<'_>,
) -> Result<Copied, CopyError> {
    source.say_read(clock()).await?;
    let result = run(source, target, start_over, clock, watch).await;
    let released = source.say_read(0).await;
    let copied = result?;
    released.map(|()| copied)
}

async fn run(
    source: &Side,
    target: &Side,
    start_over: bool,
    clock: WallClock<'_>,
    watch: Watcher<'_>,
) -> Result<Copied, CopyError> {
    let seen = [
        source.refuse_gateways(clock()).await?,
        target.refuse_gateways(clock()).await?,
    ];
    let reader = source.store.reader();
    if let Some(half) = source.heard(marks::target(&reader).await)?
        && !half.is_complete()
    {
        return Err(CopyError::SourceIncomplete);
    }
    let was_complete = begin(source, target, start_over, watch).await?;
    // The mark on the target stands: a gateway that began meanwhile has been seen, or sees it.
    target.refuse_gateways(clock()).await?;
    if !was_complete {
        fill(source, target, clock, watch).await?;
    }
    let tables = compare(source, target, was_complete, clock, watch).await?;
    if seen != [source.gateways().await?, target.gateways().await?] {
        return Err(CopyError::Differs(
            "the list of gateways, one of which ran meanwhile".to_owned(),
        ));
    }
    target
        .store
        .transact(
            "copy: complete",
            |s| async move { marks::complete(&s).await },
        )
        .await?;
    Ok(Copied {
        from: source.place.clone(),
        to: target.place.clone(),
        tables,
        was_complete,
    })
}

/// Makes sure that the target is empty or holds a part of this copy; true when it holds all of it.
async fn begin(
    source: &Side,
    target: &Side,
    start_over: bool,
    watch: Watcher<'_>,
) -> Result<bool, CopyError> {
    let reader = target.store.reader();
    let known = target.heard(marks::target(&reader).await)?;
    let resumed = known.is_some() && !start_over;
    match known {
        Some(known) if known.is_complete() && known.origin == source.place => {
            tell(watch, Progress::Begun { resumed: true })?;
            return Ok(true);
        }
        Some(known) if known.is_complete() || (known.origin != source.place && !start_over) => {
            return Err(CopyError::OtherOrigin(known.origin));
        }
        Some(_) if start_over => {
            for table in KEYS.iter().rev() {
                // The marks go with the settings, so they are written again at once, below.
                while target
                    .store
                    .transact("copy: start over", |s| async move {
                        let deleted = table.delete_some(&s).await?;
                        marks::begin_target(&s, &source.place).await?;
                        Ok::<_, Error>(if table.name == "settings" { 0 } else { deleted })
                    })
                    .await?
                    > 0
                {}
            }
        }
        Some(_) => {}
        None => {
            for table in KEYS {
                let (rows, _) = target.heard(table.page(&reader, None).await)?;
                if !rows.is_empty() {
                    return Err(CopyError::NotEmpty(table.name));
                }
            }
            target
                .store
                .transact("copy: begin", |s| async move {
                    marks::begin_target(&s, &source.place).await
                })
                .await?;
        }
    }
    tell(watch, Progress::Begun { resumed })?;
    Ok(false)
}

async fn fill(
    source: &Side,
    target: &Side,
    clock: WallClock<'_>,
    watch: Watcher<'_>,
) -> Result<(), CopyError> {
    let known = target.heard(marks::target(&target.store.reader()).await)?;
    let mut stored = known.map(|known| known.cursor).unwrap_or_default();
    let mut cursor = target.heard(Cursor::read(&stored))?;
    let mut said_ms = clock();
    let reader = source.store.reader();
    for table in KEYS {
        let mut after: Option<Vec<Value>> = match &cursor {
            Some(there) if there.table == table.name => {
                Some(there.after.iter().map(KeyPart::value).collect())
            }
            // Tables before the cursor's are there already.
            Some(_) => continue,
            None => None,
        };
        cursor = None;
        if after.as_ref().is_some_and(Vec::is_empty) {
            continue;
        }
        let rows = table.count(&source.store).await;
        tell(
            watch,
            Progress::Copying {
                table: table.name,
                rows,
            },
        )?;
        loop {
            let (rows, last) = source.heard(table.page(&reader, after.as_deref()).await)?;
            // No key: the table is there as a whole.
            let parts = last.iter().flatten().filter_map(KeyPart::of).collect();
            let next = written(table, parts)?;
            put(target, *table, &rows, &stored, &next).await?;
            stored = next;
            let copied = u64::try_from(rows.len()).unwrap_or(u64::MAX);
            tell(
                watch,
                Progress::Copied {
                    table: table.name,
                    rows: copied,
                },
            )?;
            if clock().saturating_sub(said_ms) >= SAY_EVERY_MS {
                said_ms = clock();
                source.say_read(said_ms).await?;
            }
            match last {
                Some(last) => after = Some(last),
                None => break,
            }
        }
    }
    Ok(())
}

/// One batch and the mark that it is there, together.
async fn put(
    target: &Side,
    table: Table,
    rows: &[rows::Row],
    stored: &str,
    next: &str,
) -> Result<(), CopyError> {
    target
        .store
        .transact("copy: batch", |s| async move {
            let now = marks::target(&s).await?;
            if now.is_none_or(|now| now.cursor != stored) {
                return Err(CopyError::Overtaken);
            }
            table.insert(&s, rows).await?;
            Ok(marks::move_cursor(&s, next).await?)
        })
        .await
}

async fn compare(
    source: &Side,
    target: &Side,
    was_complete: bool,
    clock: WallClock<'_>,
    watch: Watcher<'_>,
) -> Result<Vec<(&'static str, Checksum)>, CopyError> {
    let (mut tables, mut different) = (Vec::new(), Vec::new());
    for table in KEYS {
        source.say_read(clock()).await?;
        let name = table.name;
        let mut go_on = |rows| watch(Progress::Compared { table: name, rows }).is_continue();
        let here = source.heard(table.checksum(&source.store, &mut go_on).await)?;
        let there = target.heard(table.checksum(&target.store, &mut go_on).await)?;
        let (Some(here), Some(there)) = (here, there) else {
            return Err(CopyError::Interrupted);
        };
        if here != there {
            different.push(format!(
                "{name} ({} rows against {})",
                here.rows, there.rows
            ));
        }
        tables.push((name, here));
    }
    match (different.is_empty(), was_complete) {
        (true, _) => Ok(tables),
        (false, true) => Err(CopyError::MovedOn(different.join(", "))),
        (false, false) => Err(CopyError::Differs(different.join(", "))),
    }
}

impl Cursor {
    /// Nothing is there yet when it is empty. One that is not understood would begin anew, amid rows that are there.
    fn read(stored: &str) -> Result<Option<Self>, Error> {
        if stored.is_empty() {
            return Ok(None);
        }
        let cursor: Option<Self> = serde_json::from_str(stored).ok();
        cursor
            .filter(|cursor| KEYS.iter().any(|table| table.name == cursor.table))
            .map(Some)
            .ok_or_else(|| {
                let what = "it does not say how far the copy has come; start over";
                Error::corrupt("settings", marks::CURSOR, what)
            })
    }
}

impl KeyPart {
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Text(text) => Some(Self::Text(text.clone())),
            Value::Int(number) => Some(Self::Int(*number)),
            Value::NullText | Value::NullInt => None,
        }
    }

    fn value(&self) -> Value {
        match self {
            Self::Text(text) => text.into(),
            Self::Int(number) => (*number).into(),
        }
    }
}

fn written(table: &Table, after: Vec<KeyPart>) -> Result<String, CopyError> {
    let cursor = Cursor {
        table: table.name.to_owned(),
        after,
    };
    serde_json::to_string(&cursor).map_err(|error| {
        CopyError::Target(Error::corrupt("settings", table.name, error.to_string()))
    })
}

fn tell(watch: Watcher<'_>, progress: Progress) -> Result<(), CopyError> {
    match watch(progress) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(CopyError::Interrupted),
    }
}
