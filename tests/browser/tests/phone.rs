#[tokio::test] async fn x() { let _ = fantoccini::ClientBuilder::new(hyper_stub()); }
fn hyper_stub() -> u8 { 0 }
