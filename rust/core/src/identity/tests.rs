use data_encoding::BASE64URL_NOPAD;
use ed25519_dalek::{Signer, SigningKey};

use super::keys::parse_key;
use super::token::audience;
use super::{Keys, MAX_TOKEN_SIZE, Refusal};

/// A token that server 1.7.12 made for `POST …/deep/prefix/invoke/Obj/peek` with a key that was thrown away.
const SERVER_KEY: &str = "publickeyv1_6m2pvAPHehiPokPFrCE8HNMLM3qLLKY5KddRkRtnFa9T";
const SERVER_TOKEN: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJFZERTQSIsImtpZCI6InB1YmxpY2tleXYxXzZtMnB2QVBIZWhpUG9rUEZyQ0U4SE5NTE0zcUxMS1k1S2RkUmtSdG5GYTlUIn0.eyJhdWQiOiIvaW52b2tlL09iai9wZWVrIiwiZXhwIjoxNzk1MzQwMjA3LCJpYXQiOjE3OTUzNDAxNDcsIm5iZiI6MTc5NTM0MDA4Nywic3ViIjoibXkga2V5In0.Gw9dVSvNk_yB-75o6eR4Fv0nqqQIz9uiI69avJVj1aDP8eWcp3R9aSXHvIFMMwzOb5Bd7EOdSgpsjXNvCOCZCw";
const SERVER_NOW: u64 = 1_795_340_147;
const SERVER_NOT_BEFORE: u64 = 1_795_340_087;
const SERVER_EXPIRES: u64 = 1_795_340_207;
const SERVER_PATH: &str = "/deep/prefix/invoke/Obj/peek";

const HEADER: &str = r#"{"typ":"JWT","alg":"EdDSA"}"#;
const CLAIMS: &str = r#"{"aud":"/invoke/S/h","exp":2000,"nbf":1000,"iat":1500}"#;

fn server_keys() -> Keys {
    SERVER_KEY.parse().unwrap()
}

fn verify_server(token: &str, path: &str, now: u64) -> Result<(), Refusal> {
    server_keys().verify(Some("v1"), Some(token), path, now)
}

fn our_key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

fn sign(header: &str, claims: &str) -> String {
    let signed = [header, claims]
        .map(|part| BASE64URL_NOPAD.encode(part.as_bytes()))
        .join(".");
    let signature = our_key().sign(signed.as_bytes());
    format!("{signed}.{}", BASE64URL_NOPAD.encode(&signature.to_bytes()))
}

fn verify_ours(header: &str, claims: &str) -> Result<(), Refusal> {
    let keys = Keys(vec![our_key().verifying_key()]);
    keys.verify(
        Some("v1"),
        Some(&sign(header, claims)),
        "/invoke/S/h",
        1_500,
    )
}

#[test]
fn token_of_the_server_is_let_in_from_nbf_to_exp() {
    for now in [SERVER_NOT_BEFORE, SERVER_NOW, SERVER_EXPIRES] {
        assert_eq!(verify_server(SERVER_TOKEN, SERVER_PATH, now), Ok(()));
    }
    assert_eq!(
        verify_server(SERVER_TOKEN, SERVER_PATH, SERVER_NOT_BEFORE - 1),
        Err(Refusal::NotYetValid)
    );
    assert_eq!(
        verify_server(SERVER_TOKEN, SERVER_PATH, SERVER_EXPIRES + 1),
        Err(Refusal::Expired)
    );
    assert_eq!(
        verify_server(SERVER_TOKEN, SERVER_PATH, u64::MAX),
        Err(Refusal::Expired)
    );
}

#[test]
fn token_is_for_one_route_under_any_prefix() {
    for path in [
        "/invoke/Obj/peek",
        "/a/invoke/Obj/peek",
        "/invoke/invoke/Obj/peek",
    ] {
        assert_eq!(
            verify_server(SERVER_TOKEN, path, SERVER_NOW),
            Ok(()),
            "{path}"
        );
    }
    for path in [
        "",
        "/",
        "/discover",
        "/invoke/Obj/poke",
        "/invoke/Obj/peek/",
        "/invoke/Obj/peek/more",
        "invoke/Obj/peek",
        "/Invoke/Obj/peek",
        "/invoke//Obj/peek",
    ] {
        assert_eq!(
            verify_server(SERVER_TOKEN, path, SERVER_NOW),
            Err(Refusal::ForeignRoute),
            "{path}"
        );
    }
}

#[test]
fn audience_is_the_route_without_its_prefix() {
    for (path, route) in [
        ("/discover", "/discover"),
        ("/a/b/discover", "/discover"),
        ("/invoke/S/h", "/invoke/S/h"),
        ("/a/invoke/S/h", "/invoke/S/h"),
        ("/invoke/S/discover", "/invoke/S/discover"),
        ("/invoke/discover", "/discover"),
        ("/other", "/other"),
        ("", ""),
    ] {
        assert_eq!(audience(path), route, "{path}");
    }
}

#[test]
fn every_changed_character_is_refused() {
    for (at, was) in SERVER_TOKEN.char_indices() {
        for other in ['A', 'B', '.', 'é'] {
            if other == was {
                continue;
            }
            let mut token = SERVER_TOKEN.to_owned();
            token.replace_range(at..=at, other.encode_utf8(&mut [0; 4]));

            assert!(
                verify_server(&token, SERVER_PATH, SERVER_NOW).is_err(),
                "{at} {other:?}"
            );
        }
    }
}

#[test]
fn every_shortened_or_lengthened_token_is_refused() {
    for (end, _) in SERVER_TOKEN.char_indices() {
        assert!(
            verify_server(&SERVER_TOKEN[..end], SERVER_PATH, SERVER_NOW).is_err(),
            "{end}"
        );
    }
    for tail in [".", "A", "AAAA", "\n", ".e30"] {
        let token = format!("{SERVER_TOKEN}{tail}");

        assert_eq!(
            verify_server(&token, SERVER_PATH, SERVER_NOW),
            Err(Refusal::MalformedToken)
        );
    }
}

#[test]
fn headers_that_are_missing_or_foreign_are_refused() {
    let keys = server_keys();
    let verify = |scheme, token| keys.verify(scheme, token, SERVER_PATH, SERVER_NOW);

    assert_eq!(verify(None, Some(SERVER_TOKEN)), Err(Refusal::NoScheme));
    assert_eq!(verify(None, None), Err(Refusal::NoScheme));
    for scheme in ["unsigned", "v2", "V1", "v1 ", ""] {
        assert_eq!(
            verify(Some(scheme), Some(SERVER_TOKEN)),
            Err(Refusal::ForeignScheme)
        );
    }
    assert_eq!(verify(Some("v1"), None), Err(Refusal::NoToken));
    assert_eq!(verify(Some("v1"), Some("")), Err(Refusal::MalformedToken));
    let large = "A".repeat(MAX_TOKEN_SIZE + 1);
    assert_eq!(verify(Some("v1"), Some(&large)), Err(Refusal::LargeToken));
    assert_eq!(
        verify(Some("v1"), Some(&large[1..])),
        Err(Refusal::MalformedToken)
    );
}

#[test]
fn any_of_several_keys_will_do_and_no_other() {
    let ours = our_key().verifying_key();
    let theirs = parse_key(SERVER_KEY).unwrap();
    for keys in [vec![theirs, ours], vec![ours, theirs], vec![theirs, theirs]] {
        let keys = Keys(keys);
        assert_eq!(
            keys.verify(Some("v1"), Some(SERVER_TOKEN), SERVER_PATH, SERVER_NOW),
            Ok(())
        );
    }
    for keys in [vec![ours], vec![]] {
        let keys = Keys(keys);
        assert_eq!(
            keys.verify(Some("v1"), Some(SERVER_TOKEN), SERVER_PATH, SERVER_NOW),
            Err(Refusal::ForeignSignature)
        );
    }
}

#[test]
fn only_eddsa_without_critical_extensions_is_read() {
    assert_eq!(verify_ours(HEADER, CLAIMS), Ok(()));
    assert_eq!(
        verify_ours(r#"{"alg":"EdDSA","kid":"of someone else"}"#, CLAIMS),
        Ok(())
    );
    for header in [
        r#"{"alg":"none"}"#,
        r#"{"alg":"HS256"}"#,
        r#"{"alg":"eddsa"}"#,
        r#"{"alg":"EdDSA","crit":["exp"]}"#,
    ] {
        assert_eq!(
            verify_ours(header, CLAIMS),
            Err(Refusal::ForeignAlgorithm),
            "{header}"
        );
    }
    for header in [
        "",
        "{}",
        "null",
        r#"{"alg":null}"#,
        r#"{"alg":"EdDSA","alg":"EdDSA"}"#,
    ] {
        assert_eq!(
            verify_ours(header, CLAIMS),
            Err(Refusal::MalformedToken),
            "{header}"
        );
    }
}

#[test]
fn claims_need_an_audience_and_both_times() {
    for claims in [
        r#"{"aud":["/discover","/invoke/S/h"],"exp":2000,"nbf":1000,"iat":1000}"#,
        r#"{"aud":"/invoke/S/h","exp":1500,"nbf":1500,"iat":1560,"sub":"é"}"#,
        r#"{"aud":"/invoke/S/h","exp":9223372036854775807,"nbf":-9223372036854775808,"iat":-9223372036854775808}"#,
    ] {
        assert_eq!(verify_ours(HEADER, claims), Ok(()), "{claims}");
    }
    for claims in [
        "",
        "[]",
        r#"{"exp":2000,"nbf":1000}"#,
        r#"{"aud":"/invoke/S/h","nbf":1000}"#,
        r#"{"aud":"/invoke/S/h","exp":2000}"#,
        r#"{"aud":null,"exp":2000,"nbf":1000}"#,
        r#"{"aud":"/invoke/S/h","exp":"2000","nbf":1000}"#,
        r#"{"aud":"/invoke/S/h","exp":1e300,"nbf":1000}"#,
        r#"{"aud":"/invoke/S/h","exp":1499,"exp":2000,"nbf":1000}"#,
        r#"{"aud":"/invoke/S/h","exp":2000,"nbf":1000,"iat":"1500"}"#,
        r#"{"aud":"/invoke/S/h","exp":2000,"nbf":1000,"iat":1e300}"#,
    ] {
        assert_eq!(
            verify_ours(HEADER, claims),
            Err(Refusal::MalformedToken),
            "{claims}"
        );
    }
    assert_eq!(
        verify_ours(HEADER, r#"{"aud":[],"exp":2000,"nbf":1000}"#),
        Err(Refusal::ForeignRoute)
    );
    assert_eq!(
        verify_ours(HEADER, r#"{"aud":"/invoke/S/h","exp":1499,"nbf":1000}"#),
        Err(Refusal::Expired)
    );
    assert_eq!(
        verify_ours(HEADER, r#"{"aud":"/invoke/S/h","exp":2000,"nbf":1501}"#),
        Err(Refusal::NotYetValid)
    );
}

#[test]
fn texts_that_are_no_key_are_refused_with_a_reason() {
    let weak = format!("publickeyv1_{}2", "1".repeat(31));
    for (text, reason) in [
        ("", "does not start with publickeyv1_"),
        (
            "publickeyv2_6m2pvAPHehiPokPFrCE8HNMLM3qLLKY5KddRkRtnFa9T",
            "does not start",
        ),
        ("publickeyv1_", "is not 32 bytes"),
        (
            "publickeyv1_6m2pvAPHehiPokPFrCE8HNMLM3qLLKY5KddRkRtnFa",
            "is not 32 bytes",
        ),
        (
            "publickeyv1_6m2pvAPHehiPokPFrCE8HNMLM3qLLKY5KddRkRtnFa9TT",
            "is not 32 bytes",
        ),
        (
            "publickeyv1_6m2pvAPHehiPokPFrCE8HNMLM3qLLKY5KddRkRtnFa9l",
            "is not 32 bytes",
        ),
        (&weak, "is not a point"),
    ] {
        let error = text.parse::<Keys>().unwrap_err().to_string();

        assert!(error.contains(reason), "{text}: {error}");
        assert!(error.contains("identity key"), "{error}");
    }
    let zeros = format!("publickeyv1_{}", "1".repeat(32));
    assert!(
        zeros
            .parse::<Keys>()
            .unwrap_err()
            .to_string()
            .contains("weak")
    );
    assert!(Keys::parse([SERVER_KEY, "x"]).is_err());
}

#[test]
fn refusals_tell_what_to_look_at() {
    for (refusal, part) in [
        (Refusal::NoScheme, "not signed"),
        (Refusal::ForeignScheme, "not v1"),
        (Refusal::NoToken, "x-restate-jwt-v1 is missing"),
        (Refusal::LargeToken, &MAX_TOKEN_SIZE.to_string()),
        (Refusal::MalformedToken, "malformed"),
        (Refusal::ForeignAlgorithm, "EdDSA"),
        (
            Refusal::ForeignSignature,
            "not signed by a key of this endpoint",
        ),
        (Refusal::ForeignRoute, "another route"),
        (Refusal::Expired, "expired"),
        (Refusal::NotYetValid, "not valid yet"),
        (Refusal::NoIssueTime, "(iat)"),
        (Refusal::FromTheFuture, "issued in the future"),
    ] {
        assert!(refusal.to_string().contains(part), "{refusal}");
    }
}

#[test]
fn token_says_when_it_was_issued_and_not_in_the_future() {
    for (iat, outcome) in [
        ("", Err(Refusal::NoIssueTime)),
        (r#","iat":null"#, Err(Refusal::NoIssueTime)),
        (r#","iat":1560"#, Ok(())),
        (r#","iat":1561"#, Err(Refusal::FromTheFuture)),
        (r#","iat":9223372036854775807"#, Err(Refusal::FromTheFuture)),
    ] {
        let claims = format!(r#"{{"aud":"/invoke/S/h","exp":2000,"nbf":1000{iat}}}"#);

        assert_eq!(verify_ours(HEADER, &claims), outcome, "{claims}");
    }
}
