//! The world in trouble: a database that only reads, one that others hold, one without a free connection,
//! and a clock that jumps. Always a clear answer in good time, a truthful /readyz, and afterwards
//! everything goes on by itself and is right.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bank_simulator::demo_customers;
use gateway::{App, Clock};
use merchant_sdk::RawOptions;
use merchant_sdk::pages::{Ending, Script};
use snap::paths;
use sqlx::{ConnectOptions, Connection, Executor, PgConnection, SqliteConnection};
use tokio::sync::Notify;

use super::stage::*;
use super::wire::Cut;

/// No answer may take longer: two waits for the database, and a little.
const PATIENCE: Duration = Duration::from_secs(14);

/// A stage with a linked customer and a payment that the customer has not yet verified.
pub struct Play {
    pub stage: Stage,
    pub token: String,
    pub code: String,
    open: String,
    page: String,
}

/// A payment that was asked for while there was trouble.
pub struct Asked {
    number: String,
    external_id: String,
}

impl Play {
    pub async fn begin(wishes: Wishes) -> Self {
        let stage = Stage::with(wishes).await;
        let (code, token) = stage
            .linked(&stage.shop, &demo_customers()[0], "cust-1")
            .await;
        let open = reference("PAY");
        let answer = stage.shop.pay(&token, &open, "15000.00").await;
        let page = answer.json()["webRedirectUrl"].as_str().unwrap().to_owned();
        Self {
            stage,
            token,
            code,
            open,
            page,
        }
    }

    /// Whether /readyz says that the gateway can work.
    pub async fn is_ready(&self) -> bool {
        let begun = Instant::now();
        let url = format!("{}/readyz", self.stage.gateway.url);
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = http.get(url).send().await.unwrap();
        let took = begun.elapsed();
        assert!(took < Duration::from_secs(4), "/readyz took {took:?}");
        match answer.status().as_u16() {
            200 => true,
            503 => false,
            other => panic!("/readyz said {other}"),
        }
    }

    /// Asks for a payment, and expects to be told in good time that it may be repeated.
    pub async fn pay_in_trouble(&self) -> Asked {
        let asked = Asked {
            number: reference("PAY"),
            external_id: reference("X"),
        };
        let begun = Instant::now();
        let answer = self.send(&asked).await;
        assert_eq!(
            (answer.status, answer.code().as_deref()),
            (500, Some("5005401")),
            "{:?}",
            answer.json()
        );
        assert_eq!(
            answer.message().as_deref(),
            Some("Internal Server Error"),
            "nothing of the database is told"
        );
        assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
        asked
    }

    async fn send(&self, asked: &Asked) -> merchant_sdk::Answer {
        let options = RawOptions {
            external_id: Some(asked.external_id.clone()),
            customer_token: Some(self.token.clone()),
            ..Default::default()
        };
        self.stage
            .shop
            .send(PAYMENT, &payment(&asked.number, "1000.00"), options)
            .await
    }

    /// The trouble is over: without a restart the gateway is ready, the same requests succeed, the payment
    /// from before the trouble can be paid, and there is no more and no less than that.
    pub async fn all_is_well(self, asked: &[Asked]) {
        until("the gateway is ready", async || self.is_ready().await).await;
        for asked in asked {
            let answer = self.send(asked).await;
            assert_eq!(
                (answer.status, answer.code().as_deref()),
                (200, Some("2005400")),
                "{:?}",
                answer.json()
            );
            assert_eq!(self.stage.shop.status_of(&asked.number).await, "02");
        }
        let visit = self.stage.visit(&self.page, Script::default()).await;
        assert_eq!(visit.ending, Ending::Completed, "{visit:?}");
        self.stage.idle().await;
        assert_eq!(self.stage.shop.status_of(&self.open).await, "00");
        let rows = self.stage.app().store.dump().await.unwrap();
        let payments = rows.iter().filter(|row| row.starts_with("payments"));
        assert_eq!(payments.count(), 1 + asked.len());
        assert_eq!(
            self.stage.wire.calls(paths::BANK_PAYMENT),
            1 + asked.len(),
            "the bank was asked once for each"
        );
    }
}

/// A connection of somebody else to the same database.
pub enum Stranger {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Stranger {
    pub async fn to(app: &App) -> Self {
        let url = app.config.database.expose();
        match url.strip_prefix("sqlite:") {
            Some(path) => {
                let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
                Self::Sqlite(options.connect().await.unwrap())
            }
            None => {
                let options = url.parse::<sqlx::postgres::PgConnectOptions>().unwrap();
                Self::Postgres(options.connect().await.unwrap())
            }
        }
    }

    pub async fn run(&mut self, sql: &str) {
        let sql = sqlx::AssertSqlSafe(sql.to_owned());
        match self {
            Self::Sqlite(connection) => {
                connection.execute(sql).await.unwrap();
            }
            Self::Postgres(connection) => {
                connection.execute(sql).await.unwrap();
            }
        }
    }

    pub async fn leave(self) {
        match self {
            Self::Sqlite(connection) => connection.close().await.unwrap(),
            Self::Postgres(connection) => connection.close().await.unwrap(),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_only_reads() {
    let play = Play::begin(Wishes::default()).await;
    let app = Arc::clone(play.stage.app());
    let mut stranger = Stranger::to(&app).await;
    match &mut stranger {
        Stranger::Sqlite(_) => run(&app, "PRAGMA query_only = ON").await,
        Stranger::Postgres(_) => read_only(&mut stranger, "on").await,
    }
    let asked = play.pay_in_trouble().await;
    assert!(!play.is_ready().await);
    // Reading goes on.
    assert_eq!(play.stage.shop.status_of(&play.open).await, "02");
    match &mut stranger {
        Stranger::Sqlite(_) => run(&app, "PRAGMA query_only = OFF").await,
        // As after a failover: connections made meanwhile would go on saying no.
        Stranger::Postgres(_) => read_only_for_new_ones(&mut stranger, "off").await,
    }
    play.all_is_well(&[asked]).await;
}

/// Runs a text on the connection that the gateway writes through.
async fn run(app: &App, sql: &str) {
    app.store.run(sql.to_owned()).await.unwrap();
}

async fn read_only_for_new_ones(stranger: &mut Stranger, value: &str) {
    let sql = format!(
        "SET default_transaction_read_only = off; DO $$ BEGIN EXECUTE format(\
         'ALTER DATABASE %I SET default_transaction_read_only = {value}', current_database()); END $$"
    );
    stranger.run(&sql.replace('\n', " ")).await;
}

async fn read_only(stranger: &mut Stranger, value: &str) {
    read_only_for_new_ones(stranger, value).await;
    stranger
        .run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_somebody_else_holds() {
    let play = Play::begin(Wishes::default()).await;
    let mut stranger = Stranger::to(play.stage.app()).await;
    match &stranger {
        Stranger::Sqlite(_) => stranger.run("BEGIN IMMEDIATE").await,
        Stranger::Postgres(_) => {
            stranger
                .run("BEGIN; LOCK TABLE payments, settings IN ACCESS EXCLUSIVE MODE")
                .await;
        }
    }
    let (one, two, ready) = tokio::join!(
        play.pay_in_trouble(),
        play.pay_in_trouble(),
        play.is_ready()
    );
    assert!(!ready);
    stranger.run("ROLLBACK").await;
    stranger.leave().await;
    play.all_is_well(&[one, two]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_connection_is_free() {
    let play = Play::begin(Wishes {
        change: |config| config.database_connections = 2,
        ..Wishes::default()
    })
    .await;
    let go_on = Arc::new(Notify::new());
    let mut holders = Vec::new();
    for _ in 0..2 {
        let (app, go_on) = (Arc::clone(play.stage.app()), Arc::clone(&go_on));
        holders.push(tokio::spawn(async move {
            let held = app.store.transact("test: hold", |s| {
                let go_on = Arc::clone(&go_on);
                async move {
                    storage::settings::get(&s, "any").await?;
                    go_on.notified().await;
                    Ok::<_, storage::Error>(())
                }
            });
            let _ = held.await;
        }));
    }
    until("none is free", async || !play.is_ready().await).await;
    let (one, two) = tokio::join!(play.pay_in_trouble(), play.pay_in_trouble());
    for holder in &holders {
        holder.abort();
    }
    go_on.notify_waiters();
    play.all_is_well(&[one, two]).await;
}

fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    i64::try_from(since.unwrap().as_millis()).unwrap()
}

const HOUR_MS: i64 = 60 * 60 * 1_000;

#[tokio::test]
async fn a_wall_clock_that_jumps_out_of_range_and_back() {
    let clock = Clock::test(now_ms());
    let play = Play::begin(Wishes {
        clock: Some(clock.clone()),
        ..Wishes::default()
    })
    .await;
    for jump_ms in [HOUR_MS, -HOUR_MS] {
        clock.move_test_wall(jump_ms);
        // To the gateway it is the merchant whose clock is wrong, and it says so; nothing is claimed.
        let before = play.stage.app().store.dump().await.unwrap();
        let answer = play
            .stage
            .shop
            .pay(&play.token, &reference("PAY"), "1000.00")
            .await;
        assert_eq!(answer.code().as_deref(), Some("4015400"));
        assert_eq!(
            answer.message().as_deref(),
            Some("Unauthorized. [X-TIMESTAMP out of range]")
        );
        assert_eq!(play.stage.app().store.dump().await.unwrap(), before);
        // What it takes for overdue is asked about, and only the bank's word would end it.
        play.stage.idle().await;
        clock.move_test_wall(-jump_ms);
        assert_eq!(play.stage.shop.status_of(&play.open).await, "02");
    }
    play.all_is_well(&[]).await;
}

#[tokio::test]
async fn work_that_was_put_off_while_the_clock_ran_ahead_is_done_when_it_is_put_back() {
    let clock = Clock::test(now_ms());
    let play = Play::begin(Wishes {
        clock: Some(clock.clone()),
        ..Wishes::default()
    })
    .await;
    let (stage, number) = (&play.stage, reference("PAY"));
    stage.wire.cut(paths::BANK_PAYMENT, Cut::After, 1);
    let answer = stage.shop.pay(&play.token, &number, "1000.00").await;
    assert_eq!(answer.code().as_deref(), Some("5045400"));
    // The bank does not hear a gateway whose clock is a day ahead; it is to be asked again a little later.
    clock.move_test_wall(24 * HOUR_MS);
    stage.idle().await;
    clock.move_test_wall(-24 * HOUR_MS);
    assert_eq!(stage.shop.status_of(&number).await, "03");
    stage.idle().await;
    assert_eq!(stage.shop.status_of(&number).await, "02");
}

#[tokio::test]
async fn a_wall_clock_that_jumps_a_little_is_not_noticed() {
    let clock = Clock::test(now_ms());
    let play = Play::begin(Wishes {
        clock: Some(clock.clone()),
        ..Wishes::default()
    })
    .await;
    let shop = &play.stage.shop;
    for jump_ms in [120_000, -240_000, 240_000, -120_000] {
        let number = reference("PAY");
        let first = shop.pay(&play.token, &number, "1000.00").await;
        assert_eq!(
            first.code().as_deref(),
            Some("2005400"),
            "{:?}",
            first.json()
        );
        clock.move_test_wall(jump_ms);
        play.stage.idle().await;
        let again = shop.pay(&play.token, &number, "1000.00").await;
        assert_eq!((again.status, &again.body), (200, &first.body));
        let token = shop.customer_token(&play.code).await;
        let balance = shop.post_for(&token, BALANCE, &balance()).await;
        assert_eq!(balance.code().as_deref(), Some("2001100"));
        assert_eq!(shop.status_of(&number).await, "02");
    }
}
