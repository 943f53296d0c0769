/// x
#[derive(Debug)]
pub struct SqliteTarget;
