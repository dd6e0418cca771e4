//! The disk is full: a small one of the test's own, in memory, which only the test's process sees.

use std::path::Path;
use std::process::Command;

use snap::Secret;

use crate::end_to_end::stage::*;
use crate::end_to_end::trouble::Play;

/// Where the small disk is, in the process that has it.
const DISK: &str = "GERBANG_TEST_SMALL_DISK";
const TEST: &str =
    "sqlite_only::full_disk::a_full_disk_takes_no_payments_until_there_is_room_again";

#[test]
fn a_full_disk_takes_no_payments_until_there_is_room_again() {
    if let Some(disk) = std::env::var_os(DISK) {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        return runtime.block_on(scene(Path::new(&disk)));
    }
    // The same test once more, in name spaces of its own, where anybody may mount a disk.
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new("unshare")
        .args(["--map-root-user", "--mount", "sh", "-c"])
        .arg("mount -t tmpfs -o size=6m small \"$0\" && exec \"$@\"")
        .arg(folder.path())
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", TEST, "--nocapture"])
        .env(DISK, folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

async fn scene(disk: &Path) {
    let database = format!("sqlite:{}", disk.join("gateway.db").display());
    let play = Play::begin(Wishes {
        database: Some(Secret::new(database)),
        ..Wishes::default()
    })
    .await;
    assert!(play.is_ready().await);
    let filling = disk.join("filling");
    let filled = std::fs::write(&filling, vec![0_u8; 8 << 20]);
    assert!(filled.is_err(), "the disk is larger than it should be");
    until("there is no room", async || !play.is_ready().await).await;
    let mut asked = Vec::new();
    for _ in 0..3 {
        asked.push(play.pay_in_trouble().await);
    }
    // Reading goes on.
    assert!(!play.stage.app().store.dump().await.unwrap().is_empty());
    std::fs::remove_file(&filling).unwrap();
    play.all_is_well(&asked).await;
}
