//! What we build from: licences, sources, banned and double crates, and RustSec's advisories, for all lock files.
//!
//! `tests/supply.toml` is the page that people keep; this file compares it with `Cargo.lock` and with what cargo says of each
//! crate. It does for us what `cargo deny check` does, without a network: the advisories of every crate that we lock are
//! written down there, and a crate that nobody has looked up yet fails.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use semver::{Version, VersionReq};
use serde::Deserialize;

/// The packages with a lock file of their own, from the top of the repository.
const PACKAGES: [&str; 3] = ["", "tests/browser", "tests/fuzz"];

/// `tests/supply.toml`; what its tables mean stands there.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Policy {
    licences: Licences,
    sources: Sources,
    banned: BTreeMap<String, String>,
    duplicates: BTreeMap<String, BTreeMap<String, String>>,
    accepted: BTreeMap<String, String>,
    advisories: BTreeMap<String, Vec<Advisory>>,
    reviewed: Reviewed,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Licences {
    allow: BTreeSet<String>,
    /// Crate to licence and reason.
    except: BTreeMap<String, (String, String)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sources {
    allow: BTreeSet<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reviewed {
    on: String,
    names: BTreeSet<String>,
}

/// One advisory, with the ranges of its page in the database: a version in none of them is affected.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advisory {
    id: String,
    patched: Vec<VersionReq>,
    #[serde(default)]
    unaffected: Vec<VersionReq>,
}

impl Advisory {
    /// Before a release (`1.0.0-rc.1`) a version is in a range only if the range names one of the same release, so the doubt
    /// counts as affected.
    fn affects(&self, version: &Version) -> bool {
        !self.patched.iter().chain(&self.unaffected).any(|range| range.matches(version))
    }
}

/// A crate as a lock file has it, and what cargo says of its licence.
struct Locked {
    name: String,
    version: Version,
    /// Absent for a path, which is ours.
    source: Option<String>,
    licence: Option<String>,
}

/// A lock file and the crates in it.
struct Lock {
    file: String,
    crates: Vec<Locked>,
}

/// Everything in which the lock files and the page do not agree, a line each.
fn offences(policy: &Policy, locks: &[Lock]) -> Vec<String> {
    let mut found = Vec::new();
    for lock in locks {
        for one in &lock.crates {
            found.extend(
                of_crate(policy, one).map(|what| format!("{}: {} {}: {what}", lock.file, one.name, one.version)),
            );
        }
        found.extend(of_duplicates(policy, lock));
    }
    let locked: BTreeSet<&str> = foreign(locks).map(|c| c.name.as_str()).collect();
    let not_locked = |name: &str| !locked.contains(name);
    for name in policy.reviewed.names.iter().filter(|name| not_locked(name)) {
        found.push(format!("supply.toml: {name} is in [reviewed], but in no lock file"));
    }
    for name in policy.advisories.keys().filter(|name| not_locked(name)) {
        found.push(format!("supply.toml: {name} is in [advisories], but in no lock file"));
    }
    for name in policy.licences.except.keys().filter(|name| not_locked(name)) {
        found.push(format!("supply.toml: {name} is in [licences.except], but in no lock file"));
    }
    for file in policy.duplicates.keys().filter(|file| locks.iter().all(|lock| &lock.file != *file)) {
        found.push(format!("supply.toml: [duplicates.\"{file}\"] names no lock file"));
    }
    let affecting: BTreeSet<&str> = foreign(locks).flat_map(|c| affecting(policy, c)).collect();
    for id in policy.accepted.keys().filter(|id| !affecting.contains(id.as_str())) {
        found.push(format!("supply.toml: {id} is in [accepted], but affects nothing that is locked"));
    }
    let reasons = policy.banned.values().chain(policy.accepted.values());
    let reasons = reasons.chain(policy.duplicates.values().flat_map(BTreeMap::values));
    for reason in reasons.chain(policy.licences.except.values().map(|(_, why)| why)).filter(|why| why.trim().is_empty())
    {
        found.push(format!("supply.toml: a reason is missing: {reason:?}"));
    }
    found
}

/// The crates that others wrote.
fn foreign(locks: &[Lock]) -> impl Iterator<Item = &Locked> {
    locks.iter().flat_map(|lock| &lock.crates).filter(|c| c.source.is_some())
}

/// The advisories that affect this version, accepted or not.
fn affecting<'p>(policy: &'p Policy, one: &Locked) -> impl Iterator<Item = &'p str> {
    let listed = policy.advisories.get(&one.name).into_iter().flatten();
    listed.filter(|a| a.affects(&one.version)).map(|a| a.id.as_str())
}

/// What is wrong with one crate by itself.
fn of_crate(policy: &Policy, one: &Locked) -> impl Iterator<Item = String> {
    let mut found = Vec::new();
    let except = policy.licences.except.get(&one.name).map(|(licence, _)| licence.as_str());
    match &one.licence {
        None => found.push("cargo names no licence".into()),
        Some(said) => match licence_fits(said, &|id| policy.licences.allow.contains(id) || except == Some(id)) {
            Ok(true) => {}
            Ok(false) => found.push(format!("the licence {said} is not allowed")),
            Err(why) => found.push(format!("the licence {said} cannot be read: {why}")),
        },
    }
    if let Some(why) = policy.banned.get(&one.name) {
        found.push(format!("banned: {why}"));
    }
    if let Some(source) = &one.source {
        if !policy.sources.allow.contains(source) {
            found.push(format!("comes from {source}"));
        }
        if !policy.reviewed.names.contains(&one.name) {
            found.push("not in [reviewed]: look up its advisories first".into());
        }
        let open = affecting(policy, one).filter(|id| !policy.accepted.contains_key(*id));
        found.extend(open.map(|id| format!("affected by {id}, https://rustsec.org/advisories/{id}.html")));
    }
    found.into_iter()
}

/// Crates in more versions than the page says, and those that it says in vain.
fn of_duplicates(policy: &Policy, lock: &Lock) -> Vec<String> {
    let mut versions: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for one in &lock.crates {
        versions.entry(&one.name).or_default().push(one.version.to_string());
    }
    let none = BTreeMap::new();
    let allowed = policy.duplicates.get(&lock.file).unwrap_or(&none);
    let mut found = Vec::new();
    for (name, versions) in &versions {
        let many = if allowed.contains_key(*name) { 2 } else { 1 };
        if versions.len() > many {
            found.push(format!("{}: {name} in {} versions: {}", lock.file, versions.len(), versions.join(", ")));
        }
    }
    for name in allowed.keys().filter(|name| versions.get(name.as_str()).is_none_or(|v| v.len() < 2)) {
        found.push(format!("supply.toml: {name} is in [duplicates.\"{}\"], but is not twice in it", lock.file));
    }
    found
}

/// Whether an SPDX expression can be satisfied by licences that `allowed` takes: `(MIT OR Apache-2.0) AND Unicode-3.0`.
///
/// `/` is the old form of `OR`. `AND` binds closer than `OR`, and an exception (`WITH`) belongs to its licence's name.
fn licence_fits(expression: &str, allowed: &dyn Fn(&str) -> bool) -> Result<bool, String> {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    let fits = any_of(&mut rest, allowed)?;
    if rest.is_empty() { Ok(fits) } else { Err(format!("nothing should follow before {}", rest.join(" "))) }
}

fn any_of(rest: &mut &[&str], allowed: &dyn Fn(&str) -> bool) -> Result<bool, String> {
    let mut fits = all_of(rest, allowed)?;
    while let ["OR", after @ ..] = *rest {
        *rest = after;
        fits |= all_of(rest, allowed)?;
    }
    Ok(fits)
}

fn all_of(rest: &mut &[&str], allowed: &dyn Fn(&str) -> bool) -> Result<bool, String> {
    let mut fits = one_of(rest, allowed)?;
    while let ["AND", after @ ..] = *rest {
        *rest = after;
        fits &= one_of(rest, allowed)?;
    }
    Ok(fits)
}

fn one_of(rest: &mut &[&str], allowed: &dyn Fn(&str) -> bool) -> Result<bool, String> {
    match *rest {
        ["(", after @ ..] => {
            *rest = after;
            let fits = any_of(rest, allowed)?;
            let [")", after @ ..] = *rest else { return Err("a bracket is open".into()) };
            *rest = after;
            Ok(fits)
        }
        [")" | "OR" | "AND" | "WITH", ..] | [] => Err("a licence's name is missing".into()),
        [_, "WITH"] => Err("an exception's name is missing".into()),
        [id, "WITH", exception, after @ ..] => {
            *rest = after;
            Ok(allowed(&format!("{id} WITH {exception}")))
        }
        [id, after @ ..] => {
            *rest = after;
            Ok(allowed(id))
        }
    }
}

fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn policy() -> Policy {
    let page = std::fs::read_to_string(top().join("tests/supply.toml")).expect("tests/supply.toml");
    toml::from_str(&page).unwrap_or_else(|e| panic!("tests/supply.toml: {e}"))
}

/// A lock file, with the licences that `cargo metadata` finds in the crates themselves.
fn lock(package: &str) -> Lock {
    #[derive(Deserialize)]
    struct File {
        package: Vec<Entry>,
    }
    #[derive(Deserialize)]
    struct Entry {
        name: String,
        version: Version,
        source: Option<String>,
    }
    #[derive(Deserialize)]
    struct Metadata {
        packages: Vec<Described>,
    }
    #[derive(Deserialize)]
    struct Described {
        name: String,
        version: Version,
        license: Option<String>,
    }
    let folder = top().join(package);
    let cargo = std::env::var_os("CARGO").map_or_else(|| PathBuf::from(env!("CARGO")), PathBuf::from);
    let mut ask = Command::new(cargo);
    ask.args(["metadata", "--locked", "--format-version", "1", "--manifest-path"]).arg(folder.join("Cargo.toml"));
    let out = ask.output().unwrap_or_else(|e| panic!("{ask:?}: {e}"));
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "{ask:?} (crates that are not here yet come with `cargo fetch --locked`):\n{said}");
    let metadata: Metadata = serde_json::from_slice(&out.stdout).expect("cargo's metadata");
    let mut licences: BTreeMap<(String, Version), Option<String>> =
        metadata.packages.into_iter().map(|p| ((p.name, p.version), p.license)).collect();

    let path = folder.join("Cargo.lock");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let file: File = toml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let crates = file.package.into_iter().map(|Entry { name, version, source }| {
        let licence = licences.remove(&(name.clone(), version.clone())).flatten();
        Locked { name, version, source, licence }
    });
    Lock { file: Path::new(package).join("Cargo.lock").to_string_lossy().into_owned(), crates: crates.collect() }
}

#[test]
fn what_is_locked_is_what_was_reviewed() {
    let policy = policy();
    let locks = PACKAGES.map(lock);
    let found = offences(&policy, &locks);
    assert!(found.is_empty(), "{} offences against tests/supply.toml:\n{}\n", found.len(), found.join("\n"));
}

#[test]
fn the_page_is_dated_and_its_advisories_are_well_formed() {
    let policy = policy();
    policy.reviewed.on.parse::<jiff::civil::Date>().expect("[reviewed] on is a date");
    let mut seen = BTreeSet::new();
    for (name, advisories) in &policy.advisories {
        for Advisory { id, .. } in advisories {
            let number = id.strip_prefix("RUSTSEC-").and_then(|n| n.split_once('-'));
            let fits = number.is_some_and(|(year, n)| year.len() == 4 && n.len() == 4 && n != "0000");
            assert!(fits, "{name}: {id} is no number of an advisory");
            assert!(seen.insert(id), "{id} is listed twice");
        }
    }
}

fn advisory(patched: &[&str], unaffected: &[&str]) -> Advisory {
    let ranges = |all: &[&str]| all.iter().map(|r| r.parse().expect("a range")).collect();
    Advisory { id: "RUSTSEC-2020-0001".into(), patched: ranges(patched), unaffected: ranges(unaffected) }
}

#[test]
fn an_advisory_affects_what_is_in_none_of_its_ranges() {
    let check = |patched: &[&str], unaffected: &[&str], version: &str, affected: bool| {
        let version: Version = version.parse().expect("a version");
        assert_eq!(advisory(patched, unaffected).affects(&version), affected, "{version}: {patched:?}, {unaffected:?}");
    };
    // never mended
    check(&[], &[], "0.1.13", true);
    check(&[], &[">= 0.17"], "0.17.14", false);
    check(&[], &[">= 0.17"], "0.16.20", true);
    // mended in several lines
    let tokio = [">= 1.38.2, < 1.39.0", ">= 1.43.1, < 1.44.0", ">= 1.44.2"];
    for (version, affected) in [
        ("0.2.4", false),
        ("0.2.5", true),
        ("1.38.1", true),
        ("1.38.2", false),
        ("1.39.0", true),
        ("1.43.9", false),
        ("1.44.1", true),
        ("1.54.1", false),
        ("2.0.0", false),
    ] {
        check(&tokio, &["< 0.2.5"], version, affected);
    }
    // a bare version is `^`
    check(&["0.13.10", ">= 0.14.3"], &[], "0.13.11", false);
    check(&["0.13.10", ">= 0.14.3"], &[], "0.14.1", true);
    // before a release, only a range that names it counts
    let webpki = [">= 0.103.13, < 0.104.0-alpha.1", ">= 0.104.0-alpha.7"];
    check(&webpki, &[], "0.103.16", false);
    check(&webpki, &[], "0.104.0-alpha.6", true);
    check(&webpki, &[], "0.104.0-alpha.7", false);
    check(&[">= 1.0.0"], &[], "2.0.0-rc.1", true);
    // what follows `+` is no part of the order
    check(&[">= 0.3.6"], &["< 0.3.3"], "0.3.10+9.0.33", false);
    check(&[">= 0.3.6"], &["< 0.3.3"], "0.3.5+8.13.36", true);
}

#[test]
fn a_licence_fits_if_one_of_its_readings_does() {
    let allow = ["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "Unicode-3.0"];
    let check = |expression: &str, fits: Option<bool>| {
        assert_eq!(licence_fits(expression, &|id| allow.contains(&id)).ok(), fits, "{expression}");
    };
    for expression in [
        "MIT",
        "MIT/Apache-2.0",
        "Apache-2.0 / MIT",
        "GPL-3.0 OR MIT",
        "(MIT OR GPL-3.0) AND Unicode-3.0",
        "GPL-3.0 AND ISC OR MIT",
        "Apache-2.0 WITH LLVM-exception OR GPL-3.0",
    ] {
        check(expression, Some(true));
    }
    for expression in
        ["GPL-3.0", "MIT AND GPL-3.0", "MIT AND (GPL-3.0 OR ISC)", "MIT WITH LLVM-exception", "ISC OR MIT AND GPL-3.0"]
    {
        check(expression, Some(false));
    }
    for expression in ["", "MIT OR", "(MIT", "MIT)", "MIT Apache-2.0", "AND MIT", "MIT WITH"] {
        check(expression, None);
    }
}

/// A small page and lock file that agree, to be spoilt in one point each.
fn agreed() -> (Policy, Lock) {
    let page = r#"
        [licences]
        allow = ["MIT"]
        [licences.except]
        odd = ["MPL-2.0", "only in tests"]
        [sources]
        allow = ["registry"]
        [banned]
        evil = "as said"
        [duplicates."Cargo.lock"]
        twin = "by another"
        [accepted]
        RUSTSEC-2020-0002 = "never called"
        [advisories]
        old = [
            { id = "RUSTSEC-2020-0001", patched = [">= 1.0.0"] },
            { id = "RUSTSEC-2020-0002", patched = [] },
        ]
        [reviewed]
        on = "2026-11-21"
        names = ["odd", "old", "twin"]
    "#;
    let locked = |name: &str, version: &str, source: Option<&str>, licence: &str| Locked {
        name: name.into(),
        version: version.parse().expect("a version"),
        source: source.map(str::to_string),
        licence: Some(licence.into()),
    };
    let crates = vec![
        locked("ours", "0.1.0", None, "MIT"),
        locked("odd", "1.0.0", Some("registry"), "MPL-2.0"),
        locked("old", "1.0.0", Some("registry"), "MIT"),
        locked("twin", "1.0.0", Some("registry"), "MIT"),
        locked("twin", "2.0.0", Some("registry"), "MIT"),
    ];
    (toml::from_str(page).expect("a page"), Lock { file: "Cargo.lock".into(), crates })
}

#[test]
fn each_disagreement_is_an_offence() {
    let check = |spoil: &dyn Fn(&mut Policy, &mut Vec<Locked>), wanted: &[&str]| {
        let (mut policy, mut lock) = agreed();
        spoil(&mut policy, &mut lock.crates);
        let found = offences(&policy, &[lock]);
        let fits = found.len() == wanted.len() && wanted.iter().all(|w| found.iter().any(|f| f.contains(w)));
        assert!(fits, "wanted {wanted:#?}, found {found:#?}");
    };
    check(&|_, _| {}, &[]);
    check(&|_, locked| locked[0].licence = None, &["ours 0.1.0: cargo names no licence"]);
    check(&|_, locked| locked[2].licence = Some("MPL-2.0".into()), &["old 1.0.0: the licence MPL-2.0 is not allowed"]);
    check(&|_, locked| locked[2].source = Some("git+https://x".into()), &["old 1.0.0: comes from git+https://x"]);
    check(&|_, locked| locked[2].version = Version::new(0, 9, 0), &["old 0.9.0: affected by RUSTSEC-2020-0001"]);
    check(&|policy, _| policy.accepted.clear(), &["old 1.0.0: affected by RUSTSEC-2020-0002"]);
    check(&|_, locked| locked[0].name = "evil".into(), &["evil 0.1.0: banned: as said"]);
    check(&|_, locked| drop(locked.pop()), &["twin is in [duplicates.\"Cargo.lock\"], but is not twice in it"]);
    check(&|policy, _| policy.duplicates.clear(), &["twin in 2 versions: 1.0.0, 2.0.0"]);
    check(&|policy, _| policy.reviewed.names.retain(|name| name != "old"), &["old 1.0.0: not in [reviewed]"]);
    check(&|policy, _| policy.reviewed.names.extend(["gone".into()]), &["gone is in [reviewed], but in no lock file"]);
    check(
        &|_, locked| drop(locked.remove(2)),
        &[
            "old is in [reviewed], but in no lock file",
            "old is in [advisories], but in no lock file",
            "RUSTSEC-2020-0002 is in [accepted], but affects nothing that is locked",
        ],
    );
    check(
        &|_, locked| drop(locked.remove(1)),
        &["odd is in [reviewed], but in no lock file", "odd is in [licences.except], but in no lock file"],
    );
    check(&|policy, _| drop(policy.banned.insert("worse".into(), " ".into())), &["a reason is missing"]);
}
