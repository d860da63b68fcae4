"""Bad input of every kind through the real command line: one line that starts with ``error: ``, nothing left behind.

The whole list is marked slow; ``--durations=10`` tells which took longest (under 5 s on an idle machine).
"""

import re
import shlex

import pytest
from PIL import Image

from scaling_study import cli

from .config.test_parsing import numbers
from .conftest import SMALL

TASKS = ["train", *cli.TASKS]
NEEDED = {"recommend": ["budget.flops=2"], "evaluate": ["evaluate.weights=hub"]}  # or the task itself is refused
NEEDED |= {task: ["hub.repo=user/study"] for task in ("push", "pull")}
DIGITS = "9" * 100

# Arguments as a shell takes them; FILES stands for a folder with the files below.
DEFAULT = r"""
scaling.width=1e308
recipe.epochs=99999999999999999999
scaling.method=compound scaling.phi=50 task=cost
scaling.width=30000
-m study=a,b
'study=a{b'
'scaling.width=${oc.env:NOPE}'
~model
results_dir=$NOPE/x
hydra.job.chdir=true
--config-dir FILES/conf +sweep=broken
hydra.run.dir=/proc/x
plots_dir=/proc/x
"""
CASES = r"""
a.b.c=1
+a.b.c=1
++recipe.foo=1
recipe.epoch=3
+recipe.epoch=3
epochs=3
--epochs 3
--epochs=3
-x
foo
=3
recipe.epochs
recipe.epochs=
recipe.epochs='1 2'
recipe..epochs=3
recipe.epochs=1,2
recipe.epochs='range(1,3)'
recipe.epochs='choice(1,2)'
'recipe.epochs=interval(1,2)'
-m 'scaling.width=interval(1,2)'
-m 'scaling.width=range(3,1)'
-m 'scaling.width=range(1,3,0)'
-m 'scaling.width=range(1,3,-1)'
-m 'scaling.width=range(0,1,1e-300)'
-m 'seed=range(0,99999999999)'
-m 'seed=range(0,1000)' 'data.val_images=range(1,1001)'
-m 'scaling.width=glob(*)'
-m 'model=glob(x*)'
-m 'scaling.width=nothing(1,2)'
-m 'scaling.width=sort()'
-m scaling.width=1,-2
-m scaling.width=1,many
-m scaling.width=1,
-m scaling.width=,1
-m scaling.width=1,,2
-m task=plan,cost
-m results_dir=a,b
-m plots_dir=a,b
-m workers=1,2
-m threads=1,2
-m device=cpu,auto
-m budget.flops=1,2 task=recommend
-m analysis.draws=100,200 task=analyze
-m latency.seconds=1,2 task=latency
-m checkpoint.keep=true,false
-m model=mobilenetv2,micro_mbconv data.resolution=16
-m model=resnet50,nothing
-m hydra.launcher.n_jobs=0 seed=0,1
-m hydra.launcher.n_jobs=a seed=0,1
-m hydra.sweeper.max_batch_size=0 seed=0,1
-m hydra/sweeper=optuna seed=0,1
-m hydra/launcher=pbs seed=0,1
hydra/sweeper=optuna
hydra/launcher=pbs
hydra/job_logging=none_such
hydra.nothing=1
hydra.job.env_set.A=1
hydra.job.name=a/b
hydra.launcher=null
hydra.launcher.n_jobs=null
hydra.mode=RUN +sweep=width
hydra.searchpath=3
hydra.sweeper.params=3
-m seed=0,1 hydra.launcher.batch_size=0
-m seed=0,1 hydra.launcher.pre_dispatch=0
-m seed=0,1 hydra.launcher.prefer=a
-m seed=0,1 hydra.launcher.timeout=0.001
hydra.sweep.dir=a,b
-m hydra.sweep.dir=/proc/x seed=0,1
-m hydra.sweep.dir=FILES/file seed=0,1
hydra.run.dir=FILES/file/x
hydra.run.dir=
hydra=null
+sweep=nothing
+sweep=width,depth
-m +sweep=width,depth
sweep=width
+sweep=null
+sweep=[width]
+sweep=width scaling.width=1,0
+sweep=family task=cost family=[vgg]
+sweep=family task=cost family=resnet50
+sweep=family task=cost family=[]
task=cost family=[resnet50]
+sweep=search search.alpha_step=0
+sweep=search search.beta_step=nan
+sweep=search search.gamma_step=-1
+sweep=search search.alpha_step=many
+sweep=search search.tolerance=1
+sweep=decay recipe.weight_decay=0
+sweep=search search.tolerance=1e-9 search.alpha_step=0.3 search.beta_step=0.3 search.gamma_step=0.3
+sweep=search scaling.alpha=1.3
--config-dir /nowhere +sweep=width
--config-dir FILES/file +sweep=width
--config-dir FILES/conf +sweep=nopackage
--config-dir FILES/conf +sweep=unknown
--config-dir FILES/conf +sweep=badvalue
--config-dir FILES/conf +sweep=badpoint
--config-dir FILES/conf +sweep=badparams
--config-dir FILES/conf +sweep=aslist
--config-dir FILES/conf +sweep=scalar
--config-dir FILES/conf +sweep=bytes
--config-dir FILES/conf +sweep=tab
--config-dir FILES/conf +sweep=defaults
--config-dir FILES/conf recipe=partial
--config-dir FILES/conf recipe=more
--config-dir FILES/conf recipe=empty
--config-dir FILES/conf model=stranger
--config-name nothing
--config-path /nowhere
--config-name=nothing -m seed=0,1
--package nothing --cfg nothing
--info nothing
--run --multirun
model=null
data=null
recipe=null
scaling=null
task=null
~data
~recipe
~scaling
~task
~nothing
~recipe.epochs
~study
~seed
~model.name
model=lenet
model=[resnet50,micro_mbconv]
model={name:resnet50}
model=1
'model=${data}'
+model=resnet50
data=mnist
data=''
recipe=3
'recipe={epochs: 3}'
scaling=nothing
task=trian
task=''
task.name=train
recipe=quick,standard
'scaling.width=${nothing}'
'scaling.width=${scaling.width}'
'scaling.width=${scaling.depth'
'scaling.width=${nothing:1}'
'scaling.width=${recipe.name}'
'study=${study}'
'study=${oc.env:NOPE}'
'study=${results_dir}/x'
'results_dir=${oc.env:NOPE}'
'results_dir=${results_dir}'
'data.root=${oc.env:NOPE}/x'
'hydra.run.dir=${oc.env:NOPE}'
'vary=${nothing}'
study=..
study=.
study=
study=a/b
study=/tmp/x
study=null
study=[a]
'study={a: 1}'
'study=a b'
'study="a\nb"'
study='a:b'
'study=a*b'
study=LONG
study=LONGUTF8
results_dir=
plots_dir=
"results_dir=' '"
results_dir=null
results_dir=[a]
'results_dir=~nobody_of_that_name/x'
'results_dir=~nobody_of_that_name'
'plots_dir=$NOPE'
'plots_dir=${NOPE}/x'
'data.root=$NOPE/x' data=imagefolder
'evaluate.run=$NOPE' task=evaluate
'evaluate.weights=~nobody_of_that_name/x' task=evaluate
results_dir=/proc/x
results_dir=/dev/null/x
results_dir=FILES/file
results_dir=FILES/file task=cost
results_dir=FILES/file task=tables
results_dir=FILES/file task=plan device=cuda
plots_dir=FILES/file
plots_dir=/dev/null
results_dir=LONG/LONG
results_dir=LONG task=tables
results_dir=LONGLONG
results_dir=LONGLONG task=tables
results_dir=LONGLONG task=analyze
results_dir=LONGLONG task=cost
results_dir=LONGLONG task=paper
plots_dir=LONGLONG
data.root=LONGLONG data=imagefolder
evaluate.run=LONGLONG task=evaluate
evaluate.weights=LONGLONG task=evaluate
scaling.point=nowhere
scaling.points={a:{depth:2}}
+scaling.points={a:{deth:2}} scaling.point=a
+scaling.points={a:3} scaling.point=a
+scaling.points={a:{depth:0}} scaling.point=a
+scaling.points={a:{point:b}} scaling.point=a
+scaling.points={a:{recipe:3}} scaling.point=a
+scaling.points={a:{recipe:{epoch:3}}} scaling.point=a
+scaling.points={a:{seed:-1}} scaling.point=a
-m +scaling.points={a:{seed:1}} scaling.point=a seed=0,1
+scaling.points={a:{points:{}}} scaling.point=a scaling.width=0
scaling.points=3 scaling.point=a
scaling.points=null scaling.point=a
scaling.method=best
scaling.method=fast
scaling.method=compound scaling.depth=2
scaling.method=depth scaling.width=2
scaling.method=custom scaling.flops=2
scaling.flops=2
scaling.solve=width
scaling.solve=height scaling.flops=1
scaling.solve=width scaling.flops=2 scaling.width=2
scaling.solve=width scaling.flops=2 scaling.method=width
scaling.solve=width scaling.flops=1 scaling.depth=1e5 task=cost
scaling.solve=depth scaling.flops=1 scaling.width=9 task=cost
scaling.solve=width scaling.flops=1 model=timm model.name=resnet18 data.resolution=32
scaling.phi=2
scaling.alpha=1.3
scaling.fast_a=0.5
scaling.method=compound scaling.alpha=100 scaling.phi=64
scaling.method=compound scaling.phi=-60
scaling.method=compound scaling.gamma=0.01 scaling.phi=2
scaling.method=compound scaling.flops=2 scaling.phi=1
scaling.method=compound scaling.flops=2 scaling.alpha=0.9
scaling.method=compound scaling.flops=2 scaling.triple=[1,1,1]
scaling.method=depth scaling.flops=4096
scaling.method=depth scaling.flops=4096 task=cost
scaling.method=depth scaling.flops=0.001
scaling.method=resolution scaling.flops=1e-6 task=cost
scaling.flops=4096 scaling.method=resolution data.resolution=1024 task=cost
scaling.flops=1e308 scaling.method=width
scaling.triple=[1,2]
scaling.triple=[1,2,many]
scaling.triple=[1,2,1]
scaling.triple=1
scaling.triple=[1,nan,1] scaling.method=compound
scaling.stage_depth=[]
scaling.stage_depth=[1,1]
scaling.stage_depth=[1,0,1,1,1,1,1] model=efficientnet_b0 data.resolution=32
scaling.stage_depth=[1,1] model=efficientnet_b0 data.resolution=32
scaling.stage_depth=[1,1,1,1,1,1,9999] model=efficientnet_b0 data.resolution=32
scaling.depth=1e5
scaling.depth=1e5 task=cost
scaling.depth=2000 task=latency
scaling.width=1e-300
scaling.width=99999 task=latency
scaling.width=99999 task=plan
scaling.width=99999 model.width_multiplier=99999 task=cost
scaling.resolution=1e30
scaling.resolution=1e4 task=cost
scaling.resolution=0.1
model.depth_multiplier=1e5
model.depth_multiplier=1e5 scaling.method=width scaling.flops=2 task=cost
model.depth_multiplier=2 model=timm model.name=resnet18 data.resolution=32
model.small_stem=true model=timm model.name=resnet18 data.resolution=32
model.drop_path_rate=0.1 model=densenet169 data.resolution=32
model.name=vgg
model.family=vgg
model.name=null
model=timm
model=timm model.name=resnet1 data.resolution=32
model=timm model.name=../x data.resolution=32
model=timm model.name=LONG data.resolution=32
model=timm model.name=resnet18 scaling.depth=2 data.resolution=32
model=timm model.name=resnet18 scaling.width=2 data.resolution=32
model=timm model.name=vit_7b_patch16_dinov3 data.resolution=32
model=timm model.name=resnet18 model.drop_path_rate=0.5 data.resolution=8 data=imagenet_size task=train
model=resnet50 data.resolution=8
model.resolution=64
data.resolution=7
data.resolution=100000
data.resolution=16384
data.resolution=16384 task=plan
data.name=mnist
data.name=null
data.name=hfds/
data.train_images=99999
data.train_images=29999 data.val_images=2000
data.val_images=30000
data.test_images=99999
data.classes=3
+data.classes=3
+data.in_memory=true
+data.crop_fraction=0.5
data=timm
data=timm data.name=hfds/nothing
data=timm data.name=wds/nothing data.classes=3 data.root=/nowhere
data=timm data.name=torch/nothing data.classes=3
data=imagenet_size
data=imagenet_size task=plan
data=imagefolder
data=imagefolder data.root=/nowhere
data=imagefolder data.root=FILES
data=imagefolder data.root=FILES/file
data=imagefolder data.root=FILES/images data.train_split=nothing
data=imagefolder data.root=FILES/images data.interpolation=cubic
data=imagefolder data.root=FILES/images data.channels=4
data=imagefolder data.root=FILES/images data.crop_fraction=0
data=imagefolder data.root=FILES/images data.in_memory=true data.memory_resolution=0
data=imagefolder data.root=FILES/images data.in_memory=true data.crop_fraction=0.5
data=imagefolder data.root=FILES/images data.memory_resolution=64
data=imagefolder data.root=FILES/images recipe.shift=0.1
data=imagefolder data.root=FILES/images data.loader_workers=-1
data=imagefolder data.root=FILES/images data.loader_workers=some
data=imagefolder data.root=FILES/images recipe.auto_augment=bogus data.val_images=1 recipe.batch_size=2
data.unreadable_max=3
recipe.optimizer=best
recipe.optimizer=best task=latency
recipe.optimizer=
recipe.optimizer=null
recipe.schedule=best
recipe.schedule=plateau
recipe.momentum=0.9
recipe.optimizer=sgd recipe.optimizer_eps=0.1
recipe.batch_size=300
recipe.batch_size=9 recipe.mixup=0.2
recipe.warmup_epochs=3
recipe.precision=fp8
recipe.flip=maybe
recipe.flip=null
recipe.compile=maybe
recipe.auto_augment=rand-m9
recipe.color_jitter=0.4
recipe.crop_scale_min=0.5
recipe.resolution_start=0.2
recipe.resolution_start=2
recipe.baseline_epochs=8 recipe.resolution_start=0.5
recipe.ema_warmup_gamma=3
recipe.decay_rate=0.5
recipe.decay_rate=2 recipe.schedule=step
recipe.decay_epochs=1
recipe.dropout_growth=1 scaling.width=4
recipe.drop_path_growth=0.5 scaling.width=4
recipe.drop_path_growth=0.1 model=densenet169 data.resolution=32
recipe.auto_augment_growth=1
recipe.learning_rate_width=4
recipe.learning_rate_depth=fast
recipe.learning_rate_width=3 scaling.width=50
recipe.weight_decay_width=1 recipe.weight_decay=0
recipe=efficientnet
recipe.name=a/b
cost=money
cost=params task=plan
device=tpu
device=cuda
device=null
cuda_graphs=true
cuda_graphs=true device=cpu
cuda_graphs=true micro_batch_size=8
cuda_graphs=maybe
micro_batch_size=1000
workers=0
workers=some
workers=null
workers=[1]
workers=1.5
workers=true
threads=10000
tracker=aim
vary=[seed]
vary=recipe.epochs
vary=[recipe.nothing]
vary=[recipe.name]
analysis.envelope=maybe
checkpoint=null
checkpoint=3
checkpoint.keep=maybe
latency=null
limits.memory_gb=0.0001
limits.memory_gb=much
limits.layers=5
limits.layers=5 task=cost
budget.flops=4
next.minutes=5
task=next
task=next next.methods=[width]
task=next next.methods=[width,custom]
task=next next.methods=width
task=next next.question=rate
task=next next.question=rate next.methods=[width] next.flops=2
task=next next.question=direction next.methods=[width]
task=next next.question=all
evaluate.weights=hub
analysis.draws=200
latency.seconds=1
task=recommend
task=recommend budget.flops=2 budget.params=2
task=recommend budget.nothing=2
task=predict +sweep=matched study=none
task=predict budget.flops=2
task=predict scaling.stage_depth=[1,2]
task=evaluate
task=evaluate evaluate.run=x evaluate.weights=hub
task=evaluate evaluate.run=/nowhere
task=evaluate evaluate.run=FILES/file
task=evaluate evaluate.run=FILES
task=evaluate evaluate.weights=/nowhere
task=evaluate evaluate.weights=FILES/file scaling.width=60000
task=evaluate evaluate.weights=FILES
task=evaluate evaluate.run=FILES scaling.width=2
task=evaluate evaluate.run=FILES data.resolution=32
task=evaluate evaluate.weights=hub evaluate.split=all
task=evaluate evaluate.weights=hub
task=tables
task=figures
task=paper
task=analyze
task=tables study=nothing
task=paper study=nothing
task=report
task=report study=nothing
task=report report.studies=[a,a]
task=report report.studies=[nothing]
task=analyze report.watch=true
latency.precision=[int4] task=latency
task=push
task=push hub.repo=user/study
task=push hub.repo=user/study hub.revision=main
task=pull hub.repo=user
task=pull hub.repo=user/study hub.revision=../x
task=pull hub.repo=user/study hub.private=false
hub.repo=user/study
hub.weights=perhaps
"""
SWEEP = "# @package _global_\nhydra: {mode: MULTIRUN, sweeper: {params: {scaling."
FILES = {
    "file": "",
    "conf/sweep/broken.yaml": "# @package _global_\nscaling: {points: [\n",
    "conf/sweep/nopackage.yaml": "scaling: {width: 2}\nhydra: {mode: MULTIRUN}\n",
    "conf/sweep/unknown.yaml": "# @package _global_\nscaling: {wdth: 2}\n",
    "conf/sweep/badvalue.yaml": SWEEP + "width: '1,x'}}}\n",
    "conf/sweep/badpoint.yaml": SWEEP + "point: 'a,b'}}}\n",
    "conf/sweep/badparams.yaml": SWEEP + "width: '1,{'}}}\n",
    "conf/sweep/aslist.yaml": SWEEP + "width: [1, 2]}}}\n",
    "conf/sweep/scalar.yaml": "# @package _global_\n3\n",
    "conf/sweep/bytes.yaml": b"# @package _global_\nscaling: {width: '\xe9\xff'}\n",
    "conf/sweep/tab.yaml": "# @package _global_\nscaling:\n\twidth: 2\n",
    "conf/sweep/defaults.yaml": "# @package _global_\ndefaults: [nothing]\n",
    "conf/recipe/partial.yaml": "name: partial\nepochs: 3\n",
    "conf/recipe/more.yaml": "defaults: [quick, _self_]\nepochs: 3\nlearning_rates: 4\n",
    "conf/recipe/empty.yaml": "",
    "conf/model/stranger.yaml": "defaults: [micro_mbconv, _self_]\nfamily: stranger\n",
}  # fmt: skip


@pytest.fixture(scope="session")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    for name in ("train/a/1", "train/a/2", "train/b/1", "train/b/2", "val/a/1", "val/b/1"):
        (folder / "images" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8)).save(folder / "images" / f"{name}.png")
    return folder


def numeric_cases():
    """Two bad values of every number, the tasks in turn."""
    bad = ["-1e9", "1e400", "nan", "many", "true", DIGITS, "[1]", "{a: 1}", "-inf"]
    for number, key in enumerate(numbers()):
        for place in (0, 1):
            task = TASKS[(2 * number + place) % len(TASKS)]
            value = bad[(2 * number + place) % len(bad)]
            group = ["data=imagefolder", "data.root=FILES/images"] if key.startswith("data.") else []
            clash = key.startswith("budget.") and task == "recommend"
            yield [f"task={task}", *group, *([] if clash else NEEDED.get(task, [])), f"{key}={value}"]


def lines(text):
    return [shlex.split(line) for line in text.strip().splitlines()]


SLOW = [*lines(CASES), *numeric_cases()]


def test_there_are_enough_cases():
    assert len(SLOW) + len(lines(DEFAULT)) >= 400
    assert {argument for case in numeric_cases() for argument in case if argument.startswith("task=")} == {
        f"task={task}" for task in TASKS
    }


@pytest.mark.parametrize(
    "arguments", [*lines(DEFAULT), *(pytest.param(case, marks=pytest.mark.slow) for case in SLOW)], ids=" ".join
)
def test_bad_input_is_one_line_and_leaves_nothing(cli, tmp_path, files, arguments):
    words = {"FILES": str(files), "LONGUTF8": "é" * 120, "LONGLONG": "/".join(["x" * 200] * 25), "LONG": "x" * 300}
    given = []
    for argument in arguments:
        for word, meaning in words.items():
            argument = argument.replace(word, meaning)
        given.append(argument)
    named = {argument.lstrip("+~").split("=")[0] for argument in given}
    options = len(given) > 0 and given[-1].startswith("-")
    small = [] if options or "data" in named else [cap for cap in SMALL if cap.split("=")[0] not in named]
    before = sorted(files.rglob("*"))
    result = cli(*given, *small, small=False, check=False)
    beside = re.compile(r"warning: |checking runs: \d+ of \d+$")  # the latter on a machine that is slow just now
    told = [line for line in result.stderr.splitlines() if not beside.match(line)]
    assert result.returncode not in (0, None), result.stdout + result.stderr
    assert len(told) == 1, result.stderr
    assert told[0].startswith("error: ")
    assert "unexpected" not in told[0]
    assert "None)" not in told[0]
    assert len(told[0]) < 1500
    assert "Traceback" not in result.stdout
    assert list(tmp_path.iterdir()) == []
    assert sorted(files.rglob("*")) == before
