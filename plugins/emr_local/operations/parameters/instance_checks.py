"""What groups and fleets are both checked for: instance types, bid prices, EBS volumes. Pure. The texts on prices are AWS's; those on volumes are ours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from emr_local.resources.records import Json
from emr_local.resources.releases import supports_instance_type
from emr_local.wire.api_errors import validation_failure

_PRICE_DIGITS = 3
_VOLUMES_PER_INSTANCE = range(1, 25 + 1)
_THROUGHPUTS = range(125, 1000 + 1)
# The volume types of the API with the I/O operations per second that may be asked for: None where they cannot be chosen.
_VOLUME_IOPS: Mapping[str, range | None] = {
    "gp3": range(3000, 16_000 + 1),
    "gp2": None,
    "io1": range(100, 64_000 + 1),
    "st1": None,
    "sc1": None,
    "standard": None,
}


def check_instance_type(release_label: str, instance_type: str) -> None:
    """Raise AWS's ValidationException for a type that the release cannot have."""
    if not supports_instance_type(release_label, instance_type):
        raise validation_failure(f"Instance type '{instance_type}' is not supported.")


def check_bid_price(text: str) -> None:
    """Raise AWS's ValidationException for what is no price."""
    try:
        price = float(text)
    except ValueError:
        raise validation_failure("The bid price supplied for an instance group is invalid") from None
    if not price > 0:
        raise validation_failure("The bid price is negative or zero.")
    if len(text.partition(".")[2]) > _PRICE_DIGITS:
        raise validation_failure(f"No more than {_PRICE_DIGITS} digits are allowed after decimal place in bid price")


def check_volumes(configuration: Json | None) -> None:
    """Raise a ValidationException for an EbsConfiguration that cannot be had."""
    for device in (configuration or {}).get("EbsBlockDeviceConfigs", ()):
        count = device.get("VolumesPerInstance", 1)
        if count not in _VOLUMES_PER_INSTANCE:
            raise validation_failure(f"VolumesPerInstance is {count}; it must be {_between(_VOLUMES_PER_INSTANCE)}.")
        _check_volume(device["VolumeSpecification"])


def _check_volume(volume: Json) -> None:
    kind = volume["VolumeType"]
    if kind not in _VOLUME_IOPS:
        raise validation_failure(
            f"The volume type '{kind}' is not supported. Supported volume types: {', '.join(_VOLUME_IOPS)}."
        )
    if volume["SizeInGB"] < 1:
        raise validation_failure(f"SizeInGB is {volume['SizeInGB']}; a volume has at least 1 GiB.")
    _check_iops(kind, volume.get("Iops"))
    throughput = volume.get("Throughput")
    if throughput is not None and kind != "gp3":
        raise validation_failure(f"Throughput is valid only for gp3 volumes, not for {kind}.")
    if throughput is not None and throughput not in _THROUGHPUTS:
        raise validation_failure(f"Throughput is {throughput}; it must be {_between(_THROUGHPUTS)} MiB/s.")


def _check_iops(kind: str, iops: int | None) -> None:
    allowed = _VOLUME_IOPS[kind]
    if iops is None:
        if kind == "io1":
            raise validation_failure("Iops must be specified for volumes of type io1.")
    elif allowed is None:
        raise validation_failure(f"Iops is valid only for volumes of type gp3 and io1, not for {kind}.")
    elif iops not in allowed:
        raise validation_failure(f"Iops is {iops}; for a volume of type {kind} it must be {_between(allowed)}.")


def _between(values: range) -> str:
    return f"from {values[0]} to {values[-1]}"


def list_custom_amis(configs: Iterable[Json]) -> list[str]:
    """The custom AMIs of groups or of a fleet's instance types."""
    return [config["CustomAmiId"] for config in configs if "CustomAmiId" in config]
