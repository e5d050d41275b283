from .code import by_code
from .layout import read, Page
from .filing import *
from .filing import Filing, day, number
Form4=None
