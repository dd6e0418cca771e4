//! Amounts and items as people type them. No float is involved.

use anyhow::{Context as _, bail, ensure};
use snap::Amount;
use snap::messages::payment::LineItem;

/// Reads `25000`, `25.000`, `Rp25.000`, and with sen `25000.50` or `25.000,50`.
pub fn amount(text: &str) -> anyhow::Result<Amount> {
    let trimmed = text.trim();
    let number = trimmed.strip_prefix("Rp").unwrap_or(trimmed).trim();
    let (rupiah, sen) = match number.split_once(',') {
        Some((rupiah, sen)) => (rupiah, Some(sen)),
        None => (number, None),
    };
    let wire = match (ungrouped(rupiah), sen) {
        (Some(rupiah), sen) => format!("{rupiah}.{}", sen.unwrap_or("00")),
        (None, Some(sen)) => format!("{rupiah}.{sen}"),
        (None, None) if rupiah.contains('.') => rupiah.to_owned(),
        (None, None) => format!("{rupiah}.00"),
    };
    let Ok(amount) = Amount::parse(&wire) else {
        bail!("`{text}` is no amount; write 25000 or 25.000, and with sen 25000.50");
    };
    ensure!(!amount.is_zero(), "the amount must be above zero");
    Ok(amount)
}

/// The digits of `25.000` or `1.250.000`, where every point is followed by three digits.
fn ungrouped(text: &str) -> Option<String> {
    let (first, rest) = text.split_once('.')?;
    let grouped = (1..=3).contains(&first.len()) && rest.split('.').all(|group| group.len() == 3);
    grouped.then(|| text.replace('.', ""))
}

/// Reads `NAME=PRICE` or `NAME=PRICExCOUNT`.
pub fn item(text: &str) -> anyhow::Result<LineItem> {
    let parts = text.rsplit_once('=');
    let (name, price) = parts.with_context(|| {
        format!("`{text}` is no item; write NAME=PRICE or NAME=PRICExCOUNT, such as 'Kopi=25000x2'")
    })?;
    let (price, count) = price.split_once('x').unwrap_or((price, "1"));
    let quantity = count.trim().parse();
    Ok(LineItem {
        name: name.trim().to_owned(),
        price: amount(price)?,
        quantity: quantity
            .with_context(|| format!("`{count}` is no count; write 'Kopi=25000x2'"))?,
    })
}

/// What the items cost together.
pub fn sum(items: &[LineItem]) -> anyhow::Result<Amount> {
    let cost = |item: &LineItem| {
        let quantity = i64::try_from(item.quantity).ok()?;
        Amount::from_sen(item.price.sen().checked_mul(quantity)?)
    };
    let total = items
        .iter()
        .try_fold(Amount::ZERO, |total, item| total.checked_add(cost(item)?));
    total.context("the items cost more than a payment may")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn amounts_are_read_as_people_write_them() {
        for (text, wire) in [
            ("25000", "25000.00"),
            ("25.000", "25000.00"),
            ("Rp1.250.000", "1250000.00"),
            ("25000.52", "25000.52"),
            ("25.000,52", "25000.52"),
            ("999", "999.00"),
        ] {
            assert_eq!(amount(text).unwrap().to_string(), wire, "{text}");
        }
        for text in [
            "",
            "0",
            "0.00",
            "25.00.000",
            "2.5",
            "1e4",
            "-5",
            "25,5",
            "25 000",
            "٣",
        ] {
            assert!(amount(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_item_has_a_name_a_price_and_perhaps_a_count() {
        let two = item("Kopi Gayo = 75.000x2").unwrap();
        assert_eq!((two.name.as_str(), two.quantity), ("Kopi Gayo", 2));
        let one = item("a=b=1000").unwrap();
        assert_eq!(one.name, "a=b");
        assert_eq!(sum(&[two, one]).unwrap().to_string(), "151000.00");
        for text in ["Kopi", "Kopi=", "Kopi=5x", "Kopi=5x-1"] {
            assert!(item(text).is_err(), "{text}");
        }
    }
}
