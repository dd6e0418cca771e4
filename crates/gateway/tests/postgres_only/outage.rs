//! The server is gone and comes back.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use gateway::config::Background;

use super::server::Server;
use crate::end_to_end::stage::*;
use crate::end_to_end::trouble::Play;

/// How long the server is gone while nobody asks and the gateway's use of the processor is measured.
const GONE: Duration = Duration::from_secs(30);
/// The threads of the gateway have this name and no others have.
const THREADS: &str = "outage";

/// Processor time that each thread of this name has used, in clock ticks of 10 ms.
fn ticks() -> HashMap<PathBuf, u64> {
    let mut ticks = HashMap::new();
    for task in std::fs::read_dir("/proc/self/task").unwrap().flatten() {
        // It may have ended at this moment.
        let Ok(stat) = std::fs::read_to_string(task.path().join("stat")) else {
            continue;
        };
        let (name, numbers) = stat.rsplit_once(')').unwrap();
        if name.ends_with(THREADS) {
            let numbers: Vec<&str> = numbers.split_whitespace().collect();
            let used = [numbers[11], numbers[12]].map(|number| number.parse::<u64>().unwrap());
            ticks.insert(task.path(), used.iter().sum());
        }
    }
    ticks
}

#[test]
fn a_server_that_is_killed_and_started_again() {
    // The test itself runs on this thread; the bank and the shop are idle while nobody asks anything.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name(THREADS)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut server = Server::new();
        let play = Play::begin(Wishes {
            background: Background::Running,
            database: Some(server.url()),
            ..Wishes::default()
        })
        .await;
        assert!(play.is_ready().await);
        server.kill();
        until("the gateway says so", async || !play.is_ready().await).await;
        // Every kind of request is answered, and says that it may be repeated.
        let shop = &play.stage.shop;
        let unbind = unbinding(&play.token);
        let status = serde_json::json!({"originalPartnerReferenceNo": "x", "serviceCode": "54"});
        let (asked, status, unbound) = tokio::join!(
            play.pay_in_trouble(),
            shop.post(STATUS, &status),
            shop.post(UNBINDING, &unbind),
        );
        assert_eq!(status.code().as_deref(), Some("5005501"));
        assert_eq!(unbound.code().as_deref(), Some("5000901"));
        // And then nobody asks: the gateway alone looks for its database.
        let (idle, before) = (Instant::now(), ticks());
        // Nothing is waited for: this is the time over which the idle gateway's processor time is taken.
        tokio::time::sleep(GONE).await;
        let since = |(thread, now): (PathBuf, u64)| now - before.get(&thread).unwrap_or(&0);
        let used = Duration::from_millis(ticks().into_iter().map(since).sum::<u64>() * 10);
        let share = used.as_secs_f64() / idle.elapsed().as_secs_f64();
        assert!(share < 0.05, "{:.1} % of a core", share * 100.0);
        server.start();
        play.all_is_well(&[asked]).await;
        drop(server);
    });
}
