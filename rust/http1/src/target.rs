//! The path and the query in what a request asks for (RFC 9112, section 3.2).

/// The parts of a target, as sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target<'a> {
    /// The path; `/` if the target has none, and the whole target of CONNECT and of `OPTIONS *`.
    pub path: &'a str,
    /// What follows the question mark; empty if there is none.
    pub query: &'a str,
    /// The host and port of a target in absolute form, which counts for more than the header `host`.
    pub authority: Option<&'a str>,
}

/// Splits a target; `None` if it is not one for this method.
pub fn split<'a>(method: &str, target: &'a str) -> Option<Target<'a>> {
    if !target.bytes().all(|byte| byte.is_ascii_graphic()) {
        return None;
    }
    if method == "CONNECT" || target == "*" {
        let is_fitting = if method == "CONNECT" {
            !target.contains(['/', '?', '@'])
        } else {
            method == "OPTIONS"
        };
        return is_fitting.then_some(Target {
            path: target,
            query: "",
            authority: None,
        });
    }
    if target.starts_with('/') {
        return Some(path_and_query(target, None));
    }
    let scheme = target.get(..target.find("://")?)?;
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return None;
    }
    let rest = target.get(scheme.len() + 3..)?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let authority = rest.get(..end)?;
    // A user's name in it can only mislead (RFC 9110, section 4.2.4).
    if authority.is_empty() || authority.contains('@') {
        return None;
    }
    Some(path_and_query(rest.get(end..)?, Some(authority)))
}

fn path_and_query<'a>(text: &'a str, authority: Option<&'a str>) -> Target<'a> {
    let (path, query) = text.split_once('?').unwrap_or((text, ""));
    Target {
        path: if path.is_empty() { "/" } else { path },
        query,
        authority,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(method: &str, target: &'static str) -> Option<(&'static str, &'static str)> {
        split(method, target).map(|it| (it.path, it.query))
    }

    #[test]
    fn a_target_has_a_path_and_a_query() {
        assert_eq!(parts("GET", "/a%2Fb?c=d?e"), Some(("/a%2Fb", "c=d?e")));
        assert_eq!(parts("GET", "/?"), Some(("/", "")));
        assert_eq!(parts("GET", "//x"), Some(("//x", "")));
        assert_eq!(parts("GET", "http://h:1/a?b"), Some(("/a", "b")));
        assert_eq!(parts("GET", "HTTPS://h?b"), Some(("/", "b")));
        assert_eq!(parts("OPTIONS", "*"), Some(("*", "")));
        assert_eq!(parts("CONNECT", "h:1"), Some(("h:1", "")));
        assert_eq!(
            split("GET", "http://h:1/a").and_then(|it| it.authority),
            Some("h:1")
        );
    }

    #[test]
    fn what_no_server_can_serve_is_no_target() {
        for (method, target) in [
            ("GET", "*"),
            ("GET", "a"),
            ("GET", "h:1"),
            ("GET", ""),
            ("GET", "ftp://h/a"),
            ("GET", "http:///a"),
            ("GET", "http://user@h/a"),
            ("GET", "/\u{e9}"),
            ("GET", "/\u{7f}"),
            ("CONNECT", "/a"),
        ] {
            assert_eq!(parts(method, target), None, "{method} {target}");
        }
    }
}
