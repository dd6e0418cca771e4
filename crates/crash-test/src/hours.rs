//! When shops are open: long enough for something to happen, on a slow machine too.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::time::sleep;

/// Things are killed at least so long.
const LEAST: Duration = Duration::from_millis(2_500);
/// And not longer than this. A run that did too little by then proves nothing, and says so.
const MOST: Duration = Duration::from_secs(300);
/// The next is killed after this time, even if nobody was answered.
const STALLED: Duration = Duration::from_millis(1_200);
/// So many payments and refunds that were answered make a run worth looking at.
const PAYMENTS: u64 = 24;
const REFUNDS: u64 = 4;
/// How long a merchant goes on asking when nothing is killed any more.
const GRACE: Duration = Duration::from_millis(1_500);
/// Nobody asks for longer than this.
const PATIENCE: Duration = Duration::from_secs(330);

/// What everybody in a run looks at.
pub struct Hours {
    began: Instant,
    closed: AtomicBool,
    over: AtomicBool,
    payments: AtomicU64,
    refunds: AtomicU64,
    answers: AtomicU64,
}

impl Hours {
    /// They begin now.
    pub fn begin() -> Arc<Self> {
        Arc::new(Self {
            began: Instant::now(),
            closed: AtomicBool::new(false),
            over: AtomicBool::new(false),
            payments: AtomicU64::new(0),
            refunds: AtomicU64::new(0),
            answers: AtomicU64::new(0),
        })
    }

    /// A payment was answered.
    pub fn payment(&self) {
        self.payments.fetch_add(1, Ordering::Relaxed);
    }

    /// A refund was answered.
    pub fn refund(&self) {
        self.refunds.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether so much has happened that the run says something.
    pub fn were_busy(&self) -> bool {
        self.payments.load(Ordering::Relaxed) >= PAYMENTS
            && self.refunds.load(Ordering::Relaxed) >= REFUNDS
    }

    /// Somebody was answered, a merchant or a customer.
    pub fn progress(&self) {
        self.answers.fetch_add(1, Ordering::Relaxed);
    }

    /// Waits until so many more were answered, but not for ever: what was killed may be what they wait for.
    pub async fn after_progress(&self, answers: u64) {
        let enough = self.answers.load(Ordering::Relaxed) + answers;
        let began = Instant::now();
        while self.answers.load(Ordering::Relaxed) < enough
            && began.elapsed() < STALLED
            && !self.are_closed()
        {
            sleep(Duration::from_millis(2)).await;
        }
    }

    /// Whether nothing new is begun and nothing is killed.
    pub fn are_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    /// Whether nobody waits for an answer any more.
    pub fn are_over(&self) -> bool {
        self.over.load(Ordering::SeqCst) || self.began.elapsed() > PATIENCE
    }

    /// Closes when it is time, and a little later it is over.
    pub async fn pass(self: Arc<Self>) {
        while self.began.elapsed() < LEAST || (self.began.elapsed() < MOST && !self.were_busy()) {
            sleep(Duration::from_millis(20)).await;
        }
        self.closed.store(true, Ordering::SeqCst);
        sleep(GRACE).await;
        self.over.store(true, Ordering::SeqCst);
    }
}
