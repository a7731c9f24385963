//! `ruche-worker`: see [`ruche_workers`].

fn main() -> anyhow::Result<()> {
    ruche_workers::program::main()
}
