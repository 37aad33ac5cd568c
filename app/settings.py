"""Limits and addresses, from the environment: INITSCOPE_HOST, INITSCOPE_PORT, …"""

import os
import re
from typing import Annotated, Any

from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

SCHEDULER = re.compile(r"(tcp|tls)://[\w.\-\[\]:]+:\d+", re.ASCII)
PREFIX = re.compile(r"(/[\w.~@%:+-]+)+", re.ASCII)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _processes(others: dict[str, Any]) -> int:
    """One a core for what is computed at once; none where a GPU computes, of which each would take its own share."""
    return min(others["at_once"], others["threads"]) - 1 if others["device"] == "cpu" else 0


def _prefix(path: str) -> str:
    path = path.rstrip("/")
    if path and not PREFIX.fullmatch(path):
        raise ValueError("must be a path such as /user/me/proxy/8000")
    return path


def _scheduler(address: str) -> str:
    if address and not SCHEDULER.fullmatch(address):
        raise ValueError("must be an address such as tcp://10.0.0.7:8786")
    return address


class Settings(BaseSettings):
    """What an operator may set; every default serves one machine at 127.0.0.1."""

    model_config = SettingsConfigDict(env_prefix="INITSCOPE_", frozen=True, allow_inf_nan=False)

    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8000, ge=0, le=65535, description="port to listen on; 0 takes a free one")
    threads: int = Field(default_factory=_cores, ge=1, le=1024, description="threads that compute")
    device: str = Field("cpu", description="where the largest products are computed: cpu, or cuda if torch has it")
    at_once: int = Field(2, ge=1, le=64, description="experiments computed at the same time")
    processes: int = Field(
        default_factory=_processes,
        ge=0,
        le=64,
        description="further processes that compute what comes while one is being computed, and cells",
    )
    waiting: int = Field(16, ge=1, le=1000, description="experiments that may wait for their turn")
    wait_seconds: float = Field(20, gt=0, description="estimated time an experiment may wait for its turn")
    per_client: int = Field(2, ge=1, description="experiments one client may have in flight")
    in_line: int = Field(40, ge=1, description="pages of one client that may wait in line for theirs")
    max_seconds: float = Field(20, gt=0, description="estimated computing time an experiment may take")
    max_cells_seconds: float = Field(
        60, gt=0, description="estimated computing time all cells of an experiment made of others may take"
    )
    scheduler: Annotated[str, AfterValidator(_scheduler)] = Field(
        "", description="address of a Dask scheduler whose workers compute such cells, as tcp://host:8786"
    )
    max_result_bytes: int = Field(
        24 * 2**20, gt=0, description="estimated size a result may have before it is compressed, to a third or less"
    )
    max_memory_bytes: int = Field(2 * 2**30, gt=0, description="estimated memory an experiment may take")
    deadline_seconds: float = Field(60, gt=0, description="time after which a run is given up")
    cache_bytes: int = Field(128 * 2**20, ge=0, description="results kept in memory")
    store: str = Field(
        "", description="file in which recordings of networks are kept for a link, 30 days; empty keeps none"
    )
    store_bytes: int = Field(2**30, gt=0, description="bytes of recordings kept there, once compressed")
    store_count: int = Field(10_000, gt=0, description="recordings kept there")
    metrics: bool = Field(False, description="whether /metrics answers, in Prometheus's format")
    proxies: str = Field(
        "", description="addresses of reverse proxies whose X-Forwarded-For, -Proto and -Prefix are believed"
    )
    root_path: Annotated[str, AfterValidator(_prefix)] = Field(
        "", description="prefix of every address, where a proxy puts one before them"
    )
    hsts_seconds: int = Field(
        0, ge=0, description="time browsers are told to come by HTTPS alone; 0 tells them nothing"
    )
    access_log: bool = Field(False, description="whether every request is logged, without its query")
