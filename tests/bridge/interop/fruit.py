"""A table for the tests of SQLAlchemy; import it where SQLAlchemy is known to be installed."""

from __future__ import annotations

from sqlalchemy import Integer, String
from sqlalchemy.orm import DeclarativeBase, mapped_column

__all__ = ["Base", "Fruit"]


class Base(DeclarativeBase):
    pass


class Fruit(Base):
    __tablename__ = "fruit"
    number = mapped_column(Integer, primary_key=True)
    name = mapped_column(String)
