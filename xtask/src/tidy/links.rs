//! Links between the project's own documents must lead somewhere.

use super::{Findings, Text};
use std::path::Path;

pub(super) fn check(root: &Path, texts: &[Text], findings: &mut Findings) {
    let documents = texts.iter().filter(|text| {
        text.path
            .extension()
            .is_some_and(|extension| extension == "md")
    });
    for Text { path, text } in documents {
        let folder = root.join(path.parent().unwrap_or(Path::new("")));
        for (index, line) in text.lines().enumerate() {
            for target in targets(line).filter(|target| !folder.join(target).exists()) {
                findings.add(
                    path,
                    index + 1,
                    format!("the link to {target} leads nowhere"),
                );
            }
        }
    }
}

/// The files that a line links to, without what is elsewhere or on the same page.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](")
        .skip(1)
        .filter_map(|rest| rest.split([')', '#']).next())
        .filter(|target| !target.is_empty() && !target.contains(':'))
}

#[cfg(test)]
mod tests {
    #[test]
    fn only_files_of_the_project_are_looked_for() {
        let line = "[a](docs/a.md#part), [b](https://example.com), [c](#here) and [d](d/)";
        assert_eq!(
            super::targets(line).collect::<Vec<_>>(),
            ["docs/a.md", "d/"]
        );
    }
}
