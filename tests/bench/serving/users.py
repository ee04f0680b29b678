"""People who ask and think: the load test of the fit and predict API, over sockets of their own."""

import asyncio
import random
import time

SERIES = [f"sensor_0{i}" for i in range(1, 6)]


async def user(port: int, ends: float, wait: float, chance: random.Random, took: list[float], failed: list[str]):
    await asyncio.sleep(wait)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while time.monotonic() < ends:
        body = b'{"timestamp": "%d", "value": %.2f}' % (int(time.time()), chance.uniform(20, 30))
        head = f"POST /predict/{chance.choice(SERIES)} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        began = time.perf_counter()
        writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        fields = answer.lower().split(b"content-length:")
        await reader.readexactly(int(fields[1].split(b"\r\n")[0]))
        took.append(1e3 * (time.perf_counter() - began))
        if b" 200 " not in answer.split(b"\r\n")[0]:
            failed.append(answer.decode())
        await asyncio.sleep(chance.uniform(0.5, 1))
    writer.close()


def play(port: int, seconds: float, users: int = 100, per_second: float = 20) -> dict:
    """100 users, 20 more each second, each thinking for 0.5 to 1 s. Milliseconds as the users see them."""
    took, failed = [], []

    async def everybody():
        ends = time.monotonic() + seconds
        await asyncio.gather(*(user(port, ends, i / per_second, random.Random(i), took, failed) for i in range(users)))

    asyncio.run(everybody())
    took.sort()
    return {"answers": len(took), "failed": len(failed), "p50_ms": took[len(took) // 2], "p99_ms": took[len(took) * 99 // 100]}
