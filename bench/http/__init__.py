"""`make bench-http`: the suppliers service beside FastAPI + uvicorn + asyncpg on the same tables."""
