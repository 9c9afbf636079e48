async def main() -> None:
    pass
