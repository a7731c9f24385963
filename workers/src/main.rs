//! `ruche-worker`: works on jobs. See [`ruche_workers`].

fn main() -> anyhow::Result<()> {
    ruche_workers::program::main()
}
