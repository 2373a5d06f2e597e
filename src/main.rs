//! The binary: hands over to `xiangxun::cli`.

fn main() {}
