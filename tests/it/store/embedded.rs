//! What the embedded store survives: stops of every kind, a torn journal, a spoilt sled; and its exports.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_store_opens_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    for n in 0..3 {
        let (store, opened) = open(&data);
        assert_eq!(opened.how, if n == 0 { How::New } else { How::Clean });
        fill(&store, 10 * n + 1..=10 * n + 10).await;
        assert!(store.close().await);
    }
    let (store, _) = open(&data);
    holds(&store, 30).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_store_opens_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    for n in 0..3 {
        let (store, opened) = open(&data);
        assert!(n == 0 || matches!(opened.how, How::Replayed(_)), "{opened}");
        fill(&store, 10 * n + 1..=10 * n + 10).await;
    }
    let (store, _) = open(&data);
    holds(&store, 30).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_of_a_running_store_has_all_that_was_answered() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(&dir.path().join("data"));
    for round in 0..6u64 {
        fill(&store, 25 * round + 1..=25 * round + 25).await;
        let image = dir.path().join(format!("image-{round}"));
        copy(&dir.path().join("data"), &image);
        let (copied, _) = open(&image);
        holds(&copied, 25 * round + 25).await;
    }
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_process_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    let second = Store::open(&url(dir.path()), Options::default()).err();
    let Some(StoreError::Locked { pid, .. }) = second else { panic!("{second:?}") };
    assert_eq!(pid, Some(std::process::id()));
    store.close().await;
    assert_eq!(open(dir.path()).1.how, How::Clean);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journal_torn_anywhere_in_its_last_record_loses_only_that() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let (store, _) = open(&data);
    fill(&store, 1..=3).await;
    let file = journal_files(&data).pop().unwrap();
    let before = fs::metadata(&file).unwrap().len();
    // a small record, so that every byte can be tried
    keep(&store, Change { told: vec![(1, 2)], ..Change::default() }).await;
    drop(store);
    let whole = fs::read(&file).unwrap();
    assert!(whole.len() as u64 > before);
    for cut in before as usize..whole.len() {
        let image = dir.path().join(format!("cut-{cut}"));
        fs::create_dir_all(image.join("journal")).unwrap();
        fs::write(image.join("journal").join(file.file_name().unwrap()), &whole[..cut]).unwrap();
        let (torn, opened) = open(&image);
        assert_eq!((opened.how, opened.damage.len()), (How::Replayed(3), 0), "cut at {cut}");
        assert!(!torn.read(|v| v.told(1, 2)).await.unwrap());
        // what comes next is kept
        fill(&torn, 4..=4).await;
        drop(torn);
        holds(&open(&image).0, 4).await;
        fs::remove_dir_all(&image).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hole_in_the_journal_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let (store, _) = open(&data);
    fill(&store, 1..=9).await;
    drop(store);
    let file = journal_files(&data).pop().unwrap();
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x40;
    fs::write(&file, bytes).unwrap();
    fs::remove_dir_all(data.join("sled")).unwrap();
    let (store, opened) = open(&data);
    assert!(opened.is_alarming() && opened.to_string().contains("LOST"), "{opened}");
    assert_eq!(opened.damage.len(), 1);
    assert_eq!(opened.how, How::Replayed(8));
    assert_eq!(store.read(|v| Ok(v.next().mo)).await.unwrap(), 10, "what stands behind the hole is kept");
}

type Spoil = (&'static str, fn(&Path));

/// Ways in which sled's own file can be bad.
const SPOIL: [Spoil; 3] = [
    ("deleted", |sled| fs::remove_dir_all(sled).unwrap()),
    ("flipped", |sled| {
        let db = sled.join("db");
        let mut bytes = fs::read(&db).unwrap();
        let step = bytes.len() / 60;
        for i in 0..60 {
            bytes[i * step + 7] ^= 0x5a;
        }
        fs::write(db, bytes).unwrap();
    }),
    ("cut in half", |sled| {
        let db = sled.join("db");
        let half = fs::metadata(&db).unwrap().len() / 2;
        fs::OpenOptions::new().write(true).open(db).unwrap().set_len(half).unwrap();
    }),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_spoilt_sled_is_made_again_from_the_journal() {
    for (how, spoil) in SPOIL {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let (store, _) = open(&data);
        fill(&store, 1..=60).await;
        assert!(store.close().await);
        drop(store);
        // kept by whoever stopped it, as a power cut would have
        fs::remove_file(data.join("clean")).unwrap();
        spoil(&data.join("sled"));
        let (store, opened) = open(&data);
        assert!(matches!(opened.how, How::Rebuilt { .. } | How::Replayed(60)), "{how}: {opened}");
        holds(&store, 60).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_spoilt_sled_is_made_again_from_the_last_export() {
    for (how, spoil) in SPOIL {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let (store, _) = open(&data);
        fill(&store, 1..=40).await;
        store.close().await;
        let (store, _) = open(&data);
        let older = store.backup().await.unwrap();
        assert_eq!(export::verify(&older, &mut |_| {}).unwrap().posts, 40);
        fill(&store, 41..=50).await;
        drop(store);
        // the first journal file is exported and would be let go after a week
        fs::remove_file(&journal_files(&data)[0]).unwrap();
        // an export that was spoilt too is not used
        fs::write(data.join("backup").join(format!("{:020}.ndjson", 45)), "{}").unwrap();
        spoil(&data.join("sled"));
        let (store, opened) = open(&data);
        match &opened.how {
            How::Rebuilt { export, replayed, .. } => assert_eq!((export.as_ref(), *replayed), (Some(&older), 10)),
            // the spoilt half may have held nothing yet
            sound => assert_eq!((how, sound), ("cut in half", &How::Replayed(10))),
        }
        holds(&store, 50).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_thrown_away_that_cannot_be_made_again() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let (store, _) = open(&data);
    fill(&store, 1..=5).await;
    store.close().await;
    drop(store);
    let (store, _) = open(&data);
    fill(&store, 6..=6).await;
    drop(store);
    fs::remove_file(&journal_files(&data)[0]).unwrap();
    fs::remove_dir_all(data.join("sled")).unwrap();
    let refused = Store::open(&url(&data), Options::default()).err();
    assert!(matches!(refused, Some(StoreError::Read { .. })), "{refused:?}");
    assert_eq!(journal_files(&data).len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_becomes_the_same_store() {
    let dir = tempfile::tempdir().unwrap();
    let (data, other) = (dir.path().join("data"), dir.path().join("other"));
    let (first, second) = (dir.path().join("1.ndjson"), dir.path().join("2.ndjson"));
    let (store, _) = open(&data);
    fill(&store, 1..=30).await;
    let mut long = mo(31);
    long.mo.text = "长\u{0}".repeat(5_000);
    keep(&store, Change { mos: vec![long], ..Change::default() }).await;
    let contents = store.export(&first, &mut |_| {}).unwrap();
    assert_eq!(export::verify(&first, &mut |_| {}).unwrap(), contents);
    assert_eq!((contents.seq, contents.mos, contents.posts, contents.people), (31, 31, 30, 7));
    assert_eq!(import(&url(&other), &first, &mut |_| {}).unwrap(), contents);
    assert!(import(&url(&other), &first, &mut |_| {}).is_err(), "import adds to nothing");
    let (copied, opened) = open(&other);
    assert_eq!(opened.how, How::Clean);
    assert_eq!(copied.export(&second, &mut |_| {}).unwrap(), contents);
    let lines = |p: &Path| fs::read_to_string(p).unwrap().lines().skip(1).map(String::from).collect::<Vec<_>>();
    let (a, b) = (lines(&first), lines(&second));
    assert_eq!(a[..a.len() - 1], b[..b.len() - 1]);
    assert_eq!(everything(&copied), everything(&store));
    assert_eq!(pending_ids(&copied).await, pending_ids(&store).await);
    assert_eq!(copied.stats().live_posts, store.stats().live_posts);
    // and both go on alike
    for s in [&store, &copied] {
        keep(s, Change { mos: vec![mo(32)], ..Change::default() }).await;
    }
    assert_eq!(everything(&copied), everything(&store));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_export_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("x.ndjson");
    let (store, _) = open(&dir.path().join("data"));
    fill(&store, 1..=3).await;
    store.export(&file, &mut |_| {}).unwrap();
    let whole = fs::read_to_string(&file).unwrap();
    let lines: Vec<&str> = whole.split_inclusive('\n').collect();
    let spoilt = [
        whole.replace("200斤", "900斤"),
        whole[..whole.len() - 30].to_string(),
        lines[..lines.len() - 1].concat(),
        [&lines[..2], &lines[3..]].concat().concat(),
        lines[1..].concat(),
        format!("{whole}{}", lines[1]),
        String::new(),
        whole.replace("\"version\":2", "\"version\":9"),
    ];
    for (n, text) in spoilt.iter().enumerate() {
        fs::write(&file, text).unwrap();
        assert!(export::verify(&file, &mut |_| {}).is_err(), "{n}");
        assert!(import(&url(&dir.path().join("new")), &file, &mut |_| {}).is_err(), "{n}");
        assert!(!dir.path().join("new").exists());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_while_it_runs_is_one_moment() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(&dir.path().join("data"));
    let writer = tokio::spawn({
        let store = store.clone();
        async move { fill(&store, 1..=300).await }
    });
    let mut moments = BTreeSet::new();
    while !writer.is_finished() {
        let path = store.backup().await.unwrap();
        let contents = export::verify(&path, &mut |_| {}).unwrap();
        // of each change there is all or nothing
        assert_eq!((contents.mos, contents.mts, contents.posts), (contents.seq, contents.seq, contents.seq));
        moments.insert(contents.seq);
    }
    writer.await.unwrap();
    assert!(store.close().await);
    let kept = fs::read_dir(dir.path().join("data/backup")).unwrap().count();
    assert!((1..=7).contains(&kept) && moments.len() >= kept);
}
