use std::io::BufRead;
fn main() {
    let g = xiangxun::grammar::Grammar::load(std::path::Path::new("grammar"));
    let g = match g {
        Ok(g) => g,
        Err(e) => {
            for x in e.iter().take(60) {
                eprintln!("{x}");
            }
            std::process::exit(1)
        }
    };
    let now = xiangxun::clock::Timestamp::parse_rfc3339("2026-11-21T09:00:00+08:00").unwrap();
    let home = std::env::args().nth(1).and_then(|s| xiangxun::market::PlaceCode::parse(&s)).unwrap_or_default();
    for l in std::io::stdin().lock().lines() {
        let l = l.unwrap();
        let r = xiangxun::command::read(&g, home, now, &l);
        println!("{l}\n    {}", serde_json::to_string(&r).unwrap());
    }
}
