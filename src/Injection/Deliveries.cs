using Sluice.Api;

namespace Sluice.Injection;

/// <summary>Csi, or Shared where the pod asks for it and a policy allows it.</summary>
internal static class Deliveries
{
    public static Decision? Choose(Judgement j)
    {
        switch (j.Pod.Annotation(Names.DeliveryAnnotation))
        {
            case null or nameof(Delivery.Csi):
                j.Delivery = Delivery.Csi;
                break;
            case nameof(Delivery.Shared):
                j.Delivery = Delivery.Shared;
                break;
            case { } other:
                return j.Deny(400, DecisionReason.BadRequest, $"annotation {Names.DeliveryAnnotation} has the value \"{other}\": write {nameof(Delivery.Csi)} or {nameof(Delivery.Shared)}");
        }
        if (j.Delivery == Delivery.Csi)
            return null;
        foreach (var session in j.Sessions)
        {
            if (session.UserVolumeName is { } volume)
                return j.Deny(422, DecisionReason.Unsupported, $"volume \"{volume}\" of dataset \"{session.Dataset.FullName}\" needs the node's CSI driver, and annotation {Names.DeliveryAnnotation} asks for Shared: ask by annotation {Names.DatasetsAnnotation} with a path instead of a volume, or use delivery Csi");
        }
        j.Trace?.Add(TraceStep.Granted, "pod", "delivery Shared: privileged sidecars mount by themselves");
        return null;
    }
}
