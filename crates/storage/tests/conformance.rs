//! What every engine must do the same. Extended whenever a difference is found.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

mod engines;

use engines::{Database, on_both_engines};
use storage::settings;

on_both_engines!(a_setting_is_read_back_and_replaced);

async fn a_setting_is_read_back_and_replaced(database: Database) {
    let store = &database.store;
    assert_eq!(
        settings::get(&store.reader(), "clock offset")
            .await
            .unwrap(),
        None
    );
    for value in ["1", "2"] {
        store
            .transact("set", |s| async move {
                settings::put(&s, "clock offset", value).await
            })
            .await
            .unwrap();
    }
    assert_eq!(
        settings::get(&store.reader(), "clock offset")
            .await
            .unwrap()
            .as_deref(),
        Some("2")
    );
}
