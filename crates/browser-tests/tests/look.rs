//! The look itself: it must see what is wrong, or the other tests prove nothing.

#![allow(clippy::unwrap_used)]

use browser_tests::{in_a_phone, look_at};

const HEAD: &str = "<!doctype html><html lang=id><title>Page</title>\
    <meta name=viewport content='width=device-width,initial-scale=1'>";

#[tokio::test]
async fn a_page_that_troubles_customers_is_seen_as_such() {
    in_a_phone(|phone| async move {
        let bad = "<form data-step=otp><input name=otp><button style='width:500px;height:20px'>OK\
            </button></form><script>document.title = 'scripts run'</script>";
        phone
            .goto(&format!("data:text/html,{HEAD}{bad}"))
            .await
            .unwrap();
        let look = look_at(&phone).await.unwrap();
        assert_eq!(look.title, "Page", "JavaScript is off");
        let troubles = look.troubles().join("\n");
        for trouble in [
            "sideways",
            "thumb",
            "letters",
            "label",
            "one-time-code",
            "script",
        ] {
            assert!(
                troubles.contains(trouble),
                "{trouble} is missing in:\n{troubles}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn a_good_page_has_no_troubles() {
    in_a_phone(|phone| async move {
        let good = "<form data-step=otp><label>OTP <input name=otp inputmode=numeric \
            autocomplete=one-time-code style='height:44px'></label>\
            <button style='min-height:44px;min-width:44px'>OK</button></form>";
        phone
            .goto(&format!("data:text/html,{HEAD}{good}"))
            .await
            .unwrap();
        assert_eq!(look_at(&phone).await.unwrap().troubles(), [""; 0]);
    })
    .await;
}
