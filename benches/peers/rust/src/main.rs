//! The handlers of `../handlers.py` on the official Rust SDK, served as its documentation shows.
//!
//! The load generator knows what each handler has to answer; change all languages together.

use bytes::Bytes;
use restate_sdk::prelude::*;

struct Bench;

#[service]
impl Bench {
    #[handler]
    async fn greet(&self, _ctx: Context<'_>, name: String) -> Result<String, HandlerError> {
        Ok(format!("Hello {name}!"))
    }

    #[handler]
    async fn three(&self, ctx: Context<'_>, number: u64) -> Result<u64, HandlerError> {
        run_three(&ctx, number).await
    }

    /// Rust has no plain functions beside coroutines, so this is the same.
    #[handler]
    async fn three_plain(&self, ctx: Context<'_>, number: u64) -> Result<u64, HandlerError> {
        run_three(&ctx, number).await
    }

    #[handler]
    async fn wait(&self, ctx: Context<'_>) -> Result<String, HandlerError> {
        let (id, resolution) = ctx.awakeable::<String>();
        Ok(format!("{id} {}", resolution.await?))
    }

    #[handler]
    async fn replay(
        &self,
        ctx: Context<'_>,
        numbers: Json<[u64; 2]>,
    ) -> Result<u64, HandlerError> {
        let Json([count, mut total]) = numbers;
        for _ in 0..count {
            total += ctx.run(|| successor(0)).name("entry").await?;
        }
        Ok(total)
    }

    #[handler]
    async fn run_then_wait(&self, ctx: Context<'_>, number: u64) -> Result<String, HandlerError> {
        let number = ctx.run(|| successor(number)).name("one").await?;
        let (_, resolution) = ctx.awakeable::<String>();
        Ok(format!("{number} {}", resolution.await?))
    }

    #[handler]
    async fn echo(&self, _ctx: Context<'_>, value: Bytes) -> Result<Bytes, HandlerError> {
        Ok(value)
    }
}

async fn run_three(ctx: &Context<'_>, mut number: u64) -> Result<u64, HandlerError> {
    for name in ["one", "two", "three"] {
        number = ctx.run(|| successor(number)).name(name).await?;
    }
    Ok(number)
}

async fn successor(number: u64) -> Result<u64, HandlerError> {
    Ok(number + 1)
}

/// Serves on the port that is the first argument; `one-thread` after it is a runtime of one thread.
fn main() {
    let mut arguments = std::env::args().skip(1);
    let port: u16 = arguments
        .next()
        .and_then(|port| port.parse().ok())
        .expect("the first argument is a port");
    let mut builder = match arguments.next().as_deref() {
        Some("one-thread") => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    let runtime = builder.enable_all().build().expect("a runtime");
    let server = HttpServer::new(Endpoint::builder().bind(Bench).build());
    runtime.block_on(server.listen_and_serve(([127, 0, 0, 1], port).into()));
}
