using System.Reflection;

namespace BrainMVP.Federated.Contracts.Errors;

/// <summary>
/// Every error a user can meet. Numbers: 10xx command line and documents, 11xx imaging data, 12xx trust,
/// 13xx rounds, 14xx artifacts and storage, 15xx training, 16xx simulation, 19xx anything unforeseen.
/// <c>docs/errors.md</c> lists them; a test keeps both equal.
/// </summary>
public static class ErrorCatalogue
{
    public static readonly ErrorCode PlanUnreadable = new(1001, "The plan cannot be read.", "Check that the file exists and is valid YAML; the message names the line.", 10);
    public static readonly ErrorCode PlanUnknownField = new(1002, "The plan has an unknown field.", "Correct the field's name; `aggregator plan fields` lists every field with unit, range and default.", 10);
    public static readonly ErrorCode PlanOutOfRange = new(1003, "A plan field is out of its range.", "Use a value inside the range that the message states.", 10);
    public static readonly ErrorCode PlanInconsistent = new(1004, "Two plan fields contradict each other.", "Change one of the fields that the message names.", 10);
    public static readonly ErrorCode PolicyInvalid = new(1005, "The site policy cannot be used.", "Correct the field that the message names; `site-agent policy init` writes a commented default.", 10);
    public static readonly ErrorCode ArgumentInvalid = new(1006, "A command-line argument cannot be used.", "Run the command with --help to see its arguments and examples.", 2);
    public static readonly ErrorCode IdentifierInvalid = new(1007, "A name is not allowed.", "Use 1 to 63 lower-case letters, digits and hyphens, beginning with a letter or digit.", 10);
    public static readonly ErrorCode PortInUse = new(1008, "The port is already in use.", "Choose another port or stop the process that holds it.", 11);
    public static readonly ErrorCode AlreadyRunning = new(1009, "Another process already works in this folder.", "Stop that process first; the message names its process id.", 11);
    public static readonly ErrorCode NotInitialised = new(1010, "The folder has not been initialised.", "Run `aggregator init` or `site-agent enroll` for this folder first.", 11);
    public static readonly ErrorCode DocumentInvalid = new(1011, "A document is malformed.", "The sender and the receiver may run different versions; update the older one.", 12);
    public static readonly ErrorCode TaskInvalid = new(1012, "The task file cannot be used.", "Correct the field that the message names; `site-agent finetune init` prints a commented task.", 10);

    public static readonly ErrorCode NoUsableCase = new(1101, "The data folder has no usable case.", "Check the layout (folder per subject, SUBJECT_MODALITY.nii.gz or a subject,modality,path CSV); the report lists why each case was skipped.", 20);
    public static readonly ErrorCode FileTruncated = new(1102, "An image file ends too early.", "Copy the file again from its source.", 20);
    public static readonly ErrorCode NotNifti = new(1103, "An image file is not NIfTI.", "Convert the series to NIfTI (.nii or .nii.gz) first.", 20);
    public static readonly ErrorCode NiftiHeaderInvalid = new(1104, "An image file has a header that cannot be true.", "Convert the series again; the message names the header field.", 20);
    public static readonly ErrorCode NiftiUnsupported = new(1105, "An image file has a type that cannot be used.", "Use a scalar integer or float volume with three dimensions.", 20);
    public static readonly ErrorCode VolumeNotFinite = new(1106, "A volume holds NaN or infinite voxels.", "Export or convert the series again; the case is skipped meanwhile.", 20);
    public static readonly ErrorCode VolumesMisaligned = new(1107, "Two volumes of a case do not lie on each other.", "Register the series to each other first; the case is skipped meanwhile.", 20);
    public static readonly ErrorCode VolumeEmpty = new(1108, "A volume has no foreground.", "Check the series; a volume of zeros cannot be trained on.", 20);
    public static readonly ErrorCode ManifestInvalid = new(1109, "The CSV manifest cannot be used.", "The manifest needs a header line subject,modality,path and one series a line; the message names the line.", 20);
    public static readonly ErrorCode DataFolderMissing = new(1110, "The data folder does not exist or cannot be read.", "Check the path and its permissions.", 20);
    public static readonly ErrorCode ModalityDuplicate = new(1111, "A case has two series of one modality.", "Name the wanted series in a CSV manifest; until then the case is skipped.", 20);
    public static readonly ErrorCode SeriesUnconfirmed = new(1112, "A series has an uncertain modality that nobody has confirmed.", "Set its status in the manifest to accepted (with the right modality) or ignored; until then the case is skipped.", 20);
    public static readonly ErrorCode DatasetFileInvalid = new(1113, "A file that describes a data set cannot be used.", "Correct the file that the message names, or write a CSV manifest instead.", 20);
    public static readonly ErrorCode ProgramMissing = new(1114, "An external program is not installed or too old.", "Install the program that the message names, or give its path; on Debian: apt-get install dcm2niix elastix.", 21);
    public static readonly ErrorCode ProgramFailed = new(1115, "An external program failed.", "The message holds the end of what it printed; its whole output is in the case's folder.", 21);
    public static readonly ErrorCode ProgramTimedOut = new(1116, "An external program took too long and was stopped.", "Raise the step's timeout in the pipeline file, or look at the case by hand.", 21);
    public static readonly ErrorCode PipelineInvalid = new(1117, "The preparation pipeline cannot be used.", "Correct the field that the message names; `site-agent data prepare --example` prints a commented pipeline.", 20);
    public static readonly ErrorCode StepOutputInvalid = new(1118, "A preparation step gave an unusable volume.", "Look at the volumes in the case's folder; the case is skipped meanwhile.", 20);
    public static readonly ErrorCode DicomUnreadable = new(1119, "A DICOM series cannot be converted.", "Export the series again as classic or enhanced MR images.", 20);
    public static readonly ErrorCode ManifestExists = new(1120, "A manifest is already there.", "A person may have corrected it: give another --out, or replace it with --overwrite.", 20);
    public static readonly ErrorCode PseudonymsUnavailable = new(1121, "Pseudonyms cannot be made.", "Restore the key file that the message names from a backup; a new key would give every subject another pseudonym.", 20);
    public static readonly ErrorCode LabelMapInvalid = new(1122, "A label map holds a value that its numbering does not know.", "Name the numbering that the label map follows, or correct the label map.", 20);
    public static readonly ErrorCode NoLabelledCase = new(1123, "The data have no case that the task can use.", "Check that label maps or classes are named in the manifest or the layout (`site-agent data scan`), and that the task's labels or classes are those of the data.", 20);

    public static readonly ErrorCode TokenInvalid = new(1201, "The enrolment token is not valid.", "Ask the consortium administrator for a new token; a token works once and for a limited time.", 30);
    public static readonly ErrorCode CertificateRefused = new(1202, "The certificate was refused.", "Enrol again with a new token, or ask the administrator whether the site was revoked.", 30);
    public static readonly ErrorCode SignatureInvalid = new(1203, "A signature does not verify.", "Do not use the document; tell the consortium administrator.", 30);
    public static readonly ErrorCode SiteNotAllowed = new(1204, "The site is not allowed to speak.", "Ask the consortium administrator to enrol or reinstate the site.", 30);
    public static readonly ErrorCode ServerUntrusted = new(1205, "The server's certificate is not of this consortium.", "Check the address; a proxy that opens TLS must let this connection pass untouched.", 30);
    public static readonly ErrorCode AuditBroken = new(1206, "The audit log has been altered.", "The message names the first broken record; compare with the heads that the other side holds.", 30);
    public static readonly ErrorCode RoleMissing = new(1207, "The certificate does not carry the role this call needs.", "Use an administrator's certificate for administration and a site's certificate for site calls.", 30);

    public static readonly ErrorCode PlanNotApproved = new(1301, "The site has not approved this plan.", "Read the plan and approve it with `site-agent plans approve HASH --by NAME`.", 40);
    public static readonly ErrorCode PolicyRefuses = new(1302, "The site's policy does not allow this.", "The message names the rule; the hospital decides whether to change its policy file.", 40);
    public static readonly ErrorCode RoundClosed = new(1303, "The round no longer accepts this step.", "Nothing to do: the agent goes on with the next round.", 40);
    public static readonly ErrorCode ContextMismatch = new(1304, "The message belongs to another round.", "Nothing to do: the agent discards it and asks for its assignment again.", 40);
    public static readonly ErrorCode DigestConflict = new(1305, "A second, different update was sent for the same step.", "Only the first counts; check that two agents do not share one identity.", 40);
    public static readonly ErrorCode UpdateRejected = new(1306, "The update was rejected.", "The message names the rule; check the site's data and training log.", 40);
    public static readonly ErrorCode UnderQuorum = new(1307, "The round has fewer sites than its quorum.", "Bring the missing sites back, extend the deadline, close the round with what is there, or abort.", 40);
    public static readonly ErrorCode RunNotFound = new(1308, "There is no such run.", "List the runs with `aggregator run list`.", 40);
    public static readonly ErrorCode RunStateConflict = new(1309, "The run's state does not allow this.", "Look at its state with `aggregator run status RUN`.", 40);
    public static readonly ErrorCode SiteNotFound = new(1310, "There is no such site.", "List the sites with `aggregator site list`.", 40);
    public static readonly ErrorCode ProtocolMismatch = new(1311, "The two sides speak different protocol versions.", "Update the older side.", 40);
    public static readonly ErrorCode NoModality = new(1312, "The site owns no modality of this plan.", "Leave the site out of this run or give it data of one of the plan's modalities.", 40);

    public static readonly ErrorCode ArtifactMissing = new(1401, "An artifact is not in the store.", "Retry; if it stays missing, restore the artifact folder from backup.", 50);
    public static readonly ErrorCode ArtifactCorrupt = new(1402, "An artifact's bytes do not match its name.", "A copy is discarded and fetched again, a prepared case is prepared again; if it recurs, check the disk.", 50);
    public static readonly ErrorCode DiskFull = new(1403, "The disk is full.", "Free space and resume; nothing that was confirmed is lost.", 51);
    public static readonly ErrorCode StorageUnavailable = new(1404, "The state store cannot be reached.", "Check the disk, the database or the bucket; work resumes when it is back.", 51);
    public static readonly ErrorCode SafetensorsInvalid = new(1405, "A tensor file is malformed.", "Fetch or make the file again.", 50);
    public static readonly ErrorCode LayoutMismatch = new(1406, "A tensor file does not have the layout of this run.", "Check that the file belongs to the run's plan.", 50);
    public static readonly ErrorCode Unreachable = new(1407, "The other side cannot be reached.", "Check the network, the address and the firewall; the agent keeps trying.", 52);
    public static readonly ErrorCode ArtifactCollected = new(1408, "A model of an earlier round was given up.", "Start from a newer round; `serve --keep-rounds` says how many the aggregator keeps.", 50);
    public static readonly ErrorCode BucketUnusable = new(1409, "The bucket cannot be used.", "Create it, and let its keys list, read, write and delete objects in it; the message says what was refused.", 51);
    public static readonly ErrorCode CheckpointUnreadable = new(1411, "A PyTorch checkpoint is malformed.", "Download or copy the file again; the message says what is wrong with it.", 50);
    public static readonly ErrorCode CheckpointForbidden = new(1412, "A PyTorch checkpoint asks for code that is not on the list.", "Nothing was executed. If you trust the file, load it in Python and save only its tensors: torch.save({'state_dict': model.state_dict()}, 'clean.pt').", 50);
    public static readonly ErrorCode CheckpointLegacy = new(1413, "A PyTorch checkpoint has a format that is not read.", "Save it again in Python with PyTorch 1.6 or newer on a little-endian machine: torch.save(torch.load('old.pt', map_location='cpu', weights_only=True), 'new.pt').", 50);
    public static readonly ErrorCode CheckpointLayout = new(1414, "A checkpoint is not a whole pre-trained BrainMVP model of the expected size.", "Use the published pre-training checkpoint (with all templates), or give the plan that the model was trained with.", 50);

    public static readonly ErrorCode TrainerCrashed = new(1501, "The trainer process ended unexpectedly.", "Look at trainer.log in the job's folder; the agent starts it again from its last checkpoint.", 60);
    public static readonly ErrorCode TrainingDiverged = new(1502, "Training produced values that are not finite.", "Lower the learning rate or check the data; nothing was sent.", 60);
    public static readonly ErrorCode TrainerTimedOut = new(1503, "The trainer process made no progress in time.", "Look at trainer.log; raise the deadline in the plan if the machine is slow.", 60);
    public static readonly ErrorCode TorchUnavailable = new(1504, "The libtorch native library cannot be loaded.", "Install the build for this machine, or set LIBTORCH_DIR when built with TorchBackend=none.", 61);
    public static readonly ErrorCode CheckpointInvalid = new(1505, "A checkpoint cannot be used.", "Delete the job's checkpoint folder; the step is trained again.", 60);
    public static readonly ErrorCode DeviceUnavailable = new(1506, "The device cannot be used for training.", "Choose `auto` or `cpu`, or install the CUDA build and a driver; the message says what is missing.", 61);
    public static readonly ErrorCode TrainingOutOfMemory = new(1507, "One sample does not fit into the memory of the device.", "Turn on training.recomputation, use a smaller crop, or a device with more memory.", 60);

    public static readonly ErrorCode SimulationFailed = new(1601, "The simulated federation did not finish.", "The message names the process; its log is in the output folder.", 70);
    public static readonly ErrorCode SimulationPaused = new(1602, "The run paused and nobody resumed it.", "The message gives the reason and the administrator's commands.", 71);
    public static readonly ErrorCode OutputNotOurs = new(1603, "The output folder holds other things.", "Choose an empty folder or one that an earlier simulation made.", 72);

    public static readonly ErrorCode Unexpected = new(1901, "An unexpected error occurred.", "Please report it with the log; nothing that was confirmed is lost.", 1);
    public static readonly ErrorCode Cancelled = new(1902, "The command was interrupted.", "Start it again; nothing that was confirmed is lost.", 130);

    /// <summary>All entries by ascending number.</summary>
    public static IReadOnlyList<ErrorCode> All { get; } = typeof(ErrorCatalogue)
        .GetFields(BindingFlags.Public | BindingFlags.Static)
        .Where(f => f.FieldType == typeof(ErrorCode))
        .Select(f => (ErrorCode)f.GetValue(null)!)
        .OrderBy(e => e.Number)
        .ToArray();

    /// <summary>Finds an entry by its printed form, for example from a gRPC trailer; null when unknown.</summary>
    public static ErrorCode? Find(string? id) => All.FirstOrDefault(e => e.Id == id);
}
