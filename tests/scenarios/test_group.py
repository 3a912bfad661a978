"""A group over a network: who hears whom, who carries what, what spreads and what does not, and what is refused."""

from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
from conftest import config

from simrun import Run, run
from simrun.agents.reply import Reply
from simrun.config.errors import ConfigError
from simrun.config.menus import Catalogue
from simrun.plan.design import Plan, planned
from simrun.plan.treatment import audited
from simrun.scenarios.choosing import weighed
from simrun.scenarios.dialogue.group import Agreement, Group
