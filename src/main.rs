//! The binary: hands over to `xiangxun::cli`.

fn main() -> std::process::ExitCode {
    xiangxun::cli::run()
}
