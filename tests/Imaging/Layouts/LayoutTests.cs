using BrainMVP.Federated.Contracts.Errors;
using BrainMVP.Federated.Imaging.Layouts;
using BrainMVP.Federated.Imaging.Tests.Support;

namespace BrainMVP.Federated.Imaging.Tests.Layouts;

public sealed class LayoutTests : IDisposable
{
    private readonly Tree _tree = new();

    public void Dispose() => _tree.Dispose();

    [Fact]
    public void Raw_BIDS_is_read_by_suffix_and_entities()
    {
        _tree.Write("dataset_description.json", "{\"Name\":\"x\",\"BIDSVersion\":\"1.9.0\"}").Write("participants.tsv", "participant_id\tage\nsub-01\t40\nsub-03\t50\n").Touch(
            "sub-01/ses-02/anat/sub-01_ses-02_T1w.nii.gz", "sub-01/ses-02/anat/sub-01_ses-02_acq-tfl_ce-GAD_T1w.nii.gz", "sub-01/ses-02/anat/sub-01_ses-02_T2w.nii.gz",
            "sub-01/ses-02/anat/sub-01_ses-02_FLAIR.nii.gz", "sub-01/ses-02/anat/sub-01_ses-02_PDw.nii.gz", "sub-01/ses-02/anat/sub-01_ses-02_angio.nii.gz", "sub-01/ses-02/anat/sub-01_ses-02_T2starw.nii.gz",
            "sub-01/ses-02/dwi/sub-01_ses-02_ADC.nii.gz", "sub-01/ses-02/dwi/sub-01_ses-02_trace.nii.gz", "sub-01/ses-02/dwi/sub-01_ses-02_FA.nii.gz",
            "sub-01/ses-02/func/sub-01_ses-02_task-rest_bold.nii.gz", "sub-01/ses-02/fmap/sub-01_ses-02_phasediff.nii.gz", "sub-01/ses-02/perf/sub-01_ses-02_asl.nii.gz",
            "sub-02/anat/sub-02_run-1_T1w.nii.gz", "sub-02/anat/sub-02_run-2_T1w.nii.gz", "sub-02/anat/sub-02_acq-postGd_T1w.nii.gz", "sub-02/anat/sub-02_ce-none_T1w.nii.gz", "sub-02/anat/sub-02_ce-Gd_FLAIR.nii.gz",
            "derivatives/lesions/sub-02/anat/sub-02_label-lesion_mask.nii.gz", "derivatives/lesions/sub-02/anat/sub-02_desc-brain_mask.nii.gz")
            .Sized("sub-02/dwi/sub-02_dwi.nii.gz", 64, 64, 30, 65);
        _tree.Expect(
            "sub-01/ses-02/anat/sub-01_ses-02_T1w.nii.gz: sub-01 ses-02 t1 accepted",
            "sub-01/ses-02/anat/sub-01_ses-02_acq-tfl_ce-GAD_T1w.nii.gz: sub-01 ses-02 t1c accepted",
            "sub-01/ses-02/anat/sub-01_ses-02_T2w.nii.gz: sub-01 ses-02 t2 accepted",
            "sub-01/ses-02/anat/sub-01_ses-02_FLAIR.nii.gz: sub-01 ses-02 flair accepted",
            "sub-01/ses-02/anat/sub-01_ses-02_PDw.nii.gz: sub-01 ses-02 pd accepted",
            "sub-01/ses-02/anat/sub-01_ses-02_angio.nii.gz: sub-01 ses-02 mra accepted",
            "sub-01/ses-02/anat/sub-01_ses-02_T2starw.nii.gz: sub-01 ses-02 - ignored",
            "sub-01/ses-02/dwi/sub-01_ses-02_ADC.nii.gz: sub-01 ses-02 adc accepted",
            "sub-01/ses-02/dwi/sub-01_ses-02_trace.nii.gz: sub-01 ses-02 dwi accepted",
            "sub-01/ses-02/dwi/sub-01_ses-02_FA.nii.gz: sub-01 ses-02 - ignored",
            "sub-01/ses-02/func/sub-01_ses-02_task-rest_bold.nii.gz: sub-01 - - ignored",
            "sub-01/ses-02/fmap/sub-01_ses-02_phasediff.nii.gz: sub-01 - - ignored",
            "sub-01/ses-02/perf/sub-01_ses-02_asl.nii.gz: sub-01 - - ignored",
            "sub-02/anat/sub-02_run-1_T1w.nii.gz: sub-02 - t1 uncertain",
            "sub-02/anat/sub-02_run-2_T1w.nii.gz: sub-02 - t1 uncertain",
            "sub-02/anat/sub-02_acq-postGd_T1w.nii.gz: sub-02 - t1 uncertain",
            "sub-02/anat/sub-02_ce-none_T1w.nii.gz: sub-02 - t1 uncertain",
            "sub-02/anat/sub-02_ce-Gd_FLAIR.nii.gz: sub-02 - flair uncertain",
            "sub-02/dwi/sub-02_dwi.nii.gz: sub-02 - dwi uncertain",
            "derivatives/lesions/sub-02/anat/sub-02_label-lesion_mask.nii.gz: sub-02 - seg accepted",
            "derivatives/lesions/sub-02/anat/sub-02_desc-brain_mask.nii.gz: sub-02 - - ignored");
        var only = Assert.Single(_tree.Find().Datasets);
        Assert.StartsWith("BIDS raw data set", only.Layout, StringComparison.Ordinal);
        Assert.Equal("participants.tsv lists 2 participants, 1 of them without images, and 1 subjects with images are not in it", only.Note);
    }

    [Fact]
    public void BIDS_derivatives_are_a_data_set_of_their_own_beside_the_raw_images()
    {
        _tree.Write("dataset_description.json", "{\"Name\":\"x\"}").Write("derivatives/reg/dataset_description.json", "{\"DatasetType\":\"derivative\"}").Touch(
            "sub-01/anat/sub-01_T1w.nii.gz",
            "derivatives/reg/sub-01/anat/sub-01_space-SRI24_desc-preproc_T1w.nii.gz", "derivatives/reg/sub-01/anat/sub-01_space-FLAIR_T2w.nii.gz", "derivatives/reg/sub-01/anat/sub-01_desc-brain_mask.nii.gz");
        _tree.Expect(
            "sub-01/anat/sub-01_T1w.nii.gz: sub-01 - t1 accepted",
            "derivatives/reg/sub-01/anat/sub-01_space-SRI24_desc-preproc_T1w.nii.gz: derivatives_reg__sub-01 - t1 accepted",
            "derivatives/reg/sub-01/anat/sub-01_space-FLAIR_T2w.nii.gz: derivatives_reg__sub-01 - t2 accepted",
            "derivatives/reg/sub-01/anat/sub-01_desc-brain_mask.nii.gz: derivatives_reg__sub-01 - - ignored");
        Assert.Contains(_tree.Find().Datasets, d => d.Layout.StartsWith("BIDS derivatives data set", StringComparison.Ordinal));
    }

    [Fact]
    public void BraTS_of_all_years_is_read_by_its_scheme()
    {
        _tree.Touch(
            "BraTS2021_00000/BraTS2021_00000_t1.nii.gz", "BraTS2021_00000/BraTS2021_00000_t1ce.nii.gz", "BraTS2021_00000/BraTS2021_00000_t2.nii.gz", "BraTS2021_00000/BraTS2021_00000_flair.nii.gz",
            "BraTS2021_00000/BraTS2021_00000_seg.nii.gz", "HGG/Brats18_CBICA_AAB_1/Brats18_CBICA_AAB_1_t1ce.nii.gz", "BraTS20_Training_001/BraTS20_Training_001_flair.nii",
            "BraTS-GLI-00001-000/BraTS-GLI-00001-000-t1n.nii.gz", "BraTS-GLI-00001-001/BraTS-GLI-00001-001-t1n.nii.gz", "BraTS-MET-00002-000/BraTS-MET-00002-000-t1c.nii.gz",
            "BraTS-PED-00003-000/BraTS-PED-00003-000-t2w.nii.gz", "BraTS-SSA-00004-000/BraTS-SSA-00004-000-t2f.nii.gz", "BraTS-SSA-00004-000/BraTS-SSA-00004-000-seg.nii.gz");
        _tree.Expect(
            "BraTS2021_00000/BraTS2021_00000_t1.nii.gz: BraTS2021_00000 - t1 accepted",
            "BraTS2021_00000/BraTS2021_00000_t1ce.nii.gz: BraTS2021_00000 - t1c accepted",
            "BraTS2021_00000/BraTS2021_00000_t2.nii.gz: BraTS2021_00000 - t2 accepted",
            "BraTS2021_00000/BraTS2021_00000_flair.nii.gz: BraTS2021_00000 - flair accepted",
            "BraTS2021_00000/BraTS2021_00000_seg.nii.gz: BraTS2021_00000 - seg accepted",
            "HGG/Brats18_CBICA_AAB_1/Brats18_CBICA_AAB_1_t1ce.nii.gz: Brats18_CBICA_AAB_1 - t1c accepted",
            "BraTS20_Training_001/BraTS20_Training_001_flair.nii: BraTS20_Training_001 - flair accepted",
            "BraTS-GLI-00001-000/BraTS-GLI-00001-000-t1n.nii.gz: BraTS-GLI-00001 000 t1 accepted",
            "BraTS-GLI-00001-001/BraTS-GLI-00001-001-t1n.nii.gz: BraTS-GLI-00001 001 t1 accepted",
            "BraTS-MET-00002-000/BraTS-MET-00002-000-t1c.nii.gz: BraTS-MET-00002 000 t1c accepted",
            "BraTS-PED-00003-000/BraTS-PED-00003-000-t2w.nii.gz: BraTS-PED-00003 000 t2 accepted",
            "BraTS-SSA-00004-000/BraTS-SSA-00004-000-t2f.nii.gz: BraTS-SSA-00004 000 flair accepted",
            "BraTS-SSA-00004-000/BraTS-SSA-00004-000-seg.nii.gz: BraTS-SSA-00004 000 seg accepted");
        Assert.StartsWith("BraTS", Assert.Single(_tree.Find().Datasets).Layout, StringComparison.Ordinal);
    }

    [Fact]
    public void UCSF_PDGM_keeps_its_structural_and_diffusion_series_and_leaves_the_others()
    {
        string[] words = ["T1", "T1c", "T2", "FLAIR", "DWI", "ADC", "SWI", "ASL", "T1_bias", "DTI_eddy_FA", "brain_segmentation", "brain_parenchyma_segmentation", "tumor_segmentation", "odd"];
        _tree.Touch([.. words.Select(w => $"UCSF-PDGM-0004_nifti/UCSF-PDGM-0004_{w}.nii.gz"), "UCSF-PDGM-0004_FU003d_nifti/UCSF-PDGM-0004_FU003d_T1.nii.gz"]);
        string[] read = ["t1 accepted", "t1c accepted", "t2 accepted", "flair accepted", "dwi accepted", "adc accepted", "- ignored", "- ignored", "- ignored", "- ignored", "- ignored", "- ignored", "seg accepted", "- uncertain"];
        _tree.Expect([.. words.Zip(read).Select(w => $"UCSF-PDGM-0004_nifti/UCSF-PDGM-0004_{w.First}.nii.gz: UCSF-PDGM-0004 - {w.Second}"), "UCSF-PDGM-0004_FU003d_nifti/UCSF-PDGM-0004_FU003d_T1.nii.gz: UCSF-PDGM-0004 FU003d t1 accepted"]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("IXI-{0}/")]
    public void IXI_is_read_flat_and_in_folders_per_modality(string folder)
    {
        string[] words = ["T1", "T2", "PD", "MRA"];
        string PathOf(string word, string end = "") => $"{string.Format(null, folder, word)}IXI002-Guys-0828-{word}{end}.nii.gz";
        _tree.Touch([.. words.Select(w => PathOf(w)), PathOf("DTI", "-00"), PathOf("DTI", "-15")]);
        _tree.Expect([.. words.Select(w => $"{PathOf(w)}: IXI002-Guys-0828 - {w.ToLowerInvariant()} accepted"), $"{PathOf("DTI", "-00")}: IXI002-Guys-0828 - - ignored", $"{PathOf("DTI", "-15")}: IXI002-Guys-0828 - - ignored"]);
    }

    [Fact]
    public void ISLES_joins_the_lesion_of_the_derivatives_to_its_case()
    {
        const string Case = "sub-strokecase0001/ses-0001";
        _tree.Touch($"rawdata/{Case}/dwi/sub-strokecase0001_ses-0001_dwi.nii.gz", $"rawdata/{Case}/dwi/sub-strokecase0001_ses-0001_adc.nii.gz", $"rawdata/{Case}/anat/sub-strokecase0001_ses-0001_FLAIR.nii.gz", $"derivatives/{Case}/sub-strokecase0001_ses-0001_msk.nii.gz");
        var only = Assert.Single(DatasetScanner.Scan(_tree.Path).Cases);
        Assert.Equal(("sub-strokecase0001_ses-0001", "flair dwi adc"), (only.Name, string.Join(' ', only.Series.Keys)));
        Assert.EndsWith("_msk.nii.gz", only.Segmentation!.Path, StringComparison.Ordinal);
    }

    [Fact]
    public void Decathlon_files_with_a_volume_per_channel_become_series_with_a_volume()
    {
        _tree.Write("dataset.json", """{"modality":{"0":"FLAIR","1":"T1w","2":"t1gd","3":"T2w"},"labels":{"0":"background"}}""")
            .Sized("imagesTr/BRATS_001.nii.gz", 24, 24, 15, 4).Sized("imagesTs/BRATS_900.nii.gz", 24, 24, 15, 3).Touch("labelsTr/BRATS_001.nii.gz", "imagesTr/._BRATS_001.nii.gz");
        _tree.Expect(
            "imagesTr/BRATS_001.nii.gz#0: BRATS_001 - flair accepted", "imagesTr/BRATS_001.nii.gz#1: BRATS_001 - t1 accepted",
            "imagesTr/BRATS_001.nii.gz#2: BRATS_001 - t1c accepted", "imagesTr/BRATS_001.nii.gz#3: BRATS_001 - t2 accepted", "labelsTr/BRATS_001.nii.gz: BRATS_001 - seg accepted",
            "imagesTs/BRATS_900.nii.gz#0: BRATS_900 - flair accepted", "imagesTs/BRATS_900.nii.gz#1: BRATS_900 - t1 accepted",
            "imagesTs/BRATS_900.nii.gz#2: BRATS_900 - t1c accepted", "imagesTs/BRATS_900.nii.gz#3: BRATS_900 - t2 uncertain");
    }

    [Fact]
    public void NnUNet_files_per_channel_are_read_by_their_number()
    {
        _tree.Write("dataset.json", """{"channel_names":{"0":"T1","1":"MRI","2":"CT"},"file_ending":".nii.gz"}""").Touch("imagesTr/a_1_0000.nii.gz", "imagesTr/a_1_0001.nii.gz", "imagesTr/a_1_0002.nii.gz", "labelsTr/a_1.nii.gz");
        _tree.Expect("imagesTr/a_1_0000.nii.gz: a_1 - t1 accepted", "imagesTr/a_1_0001.nii.gz: a_1 - - uncertain", "imagesTr/a_1_0002.nii.gz: a_1 - - ignored", "labelsTr/a_1.nii.gz: a_1 - seg accepted");
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("nothing")]
    [InlineData("""{"modality":{"1":"T1"}}""")]
    [InlineData("""{"modality":["T1"]}""")]
    public void A_bad_dataset_json_is_refused_by_its_name(string text)
    {
        _tree.Write("dataset.json", text).Touch("imagesTr/a_0000.nii.gz");
        Assert.Contains("dataset.json", Make.Throws(ErrorCatalogue.DatasetFileInvalid, () => _tree.Find()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void BrainMVP_lists_name_cases_labels_and_classes()
    {
        _tree.Write("list.json", """
            {"training":[{"image":["a/a_flair.nii.gz","a/a_t1.nii.gz"],"label":"a/a_seg.nii.gz"}],"validation":[{"image":["b/T1.nii.gz"],"label":1}]}
            """).Touch("a/a_flair.nii.gz", "a/a_t1.nii.gz", "a/a_seg.nii.gz", "b/T1.nii.gz", "b/T2.nii.gz");
        _tree.Expect("a/a_flair.nii.gz: a - flair accepted", "a/a_t1.nii.gz: a - t1 accepted", "a/a_seg.nii.gz: a - seg accepted", "b/T1.nii.gz: b - t1 accepted", "b/T2.nii.gz: T2 - - ignored");
        Assert.Equal("1", DatasetScanner.Scan(_tree.Path).Cases.Single(c => c.Subject == "b").Class);
    }

    [Theory]
    [InlineData("../outside_t1.nii.gz")]
    [InlineData("/etc/a_t1.nii.gz")]
    [InlineData("a/../../b_t1.nii.gz")]
    [InlineData("..\\\\b_t1.nii.gz")]
    public void A_list_that_leads_out_of_its_folder_is_refused(string path)
    {
        _tree.Write("list.json", $$"""{"training":[{"image":["{{path}}"]}]}""");
        Make.Throws(ErrorCatalogue.DatasetFileInvalid, () => _tree.Find());
    }

    [Fact]
    public void Free_names_in_subject_folders_find_sessions_masks_and_folders_that_say_the_modality()
    {
        _tree.Touch(
            "patient12/study1_FLAIR.nii.gz", "patient12/study2_FLAIR.nii.gz", "patient12/study1_T1W.nii.gz",
            "patient13/patient13_T1.nii.gz", "patient13/patient13_lesion-gold.nii.gz", "patient13/T1_to_FLAIR.nii.gz", "patient13/T2_unknownword.nii.gz", "patient13/localizer.nii.gz",
            "patient14/2019-04-30/T1.nii.gz", "patient14/20200430/T1.nii.gz",
            "patient15/T1/IM0001.nii.gz", "patient15/FLAIR/T2.nii.gz", "patient15/masks/T1.nii.gz",
            "patient16/MR1/a_T1.nii.gz", "patient16/MR1/a_T2.nii.gz", "patient16/MR2/b_T1.nii.gz", "patient16/MR2/b_T2.nii.gz");
        _tree.Expect(
            "patient12/study1_FLAIR.nii.gz: patient12 study1 flair accepted", "patient12/study2_FLAIR.nii.gz: patient12 study2 flair accepted", "patient12/study1_T1W.nii.gz: patient12 study1 t1 accepted",
            "patient13/patient13_T1.nii.gz: patient13 - t1 accepted", "patient13/patient13_lesion-gold.nii.gz: patient13 - seg accepted", "patient13/T1_to_FLAIR.nii.gz: patient13 - flair uncertain",
            "patient13/T2_unknownword.nii.gz: patient13 - t2 uncertain", "patient13/localizer.nii.gz: patient13 - - ignored",
            "patient14/2019-04-30/T1.nii.gz: patient14 2019-04-30 t1 accepted", "patient14/20200430/T1.nii.gz: patient14 20200430 t1 accepted",
            "patient15/T1/IM0001.nii.gz: patient15 - t1 accepted", "patient15/FLAIR/T2.nii.gz: patient15 - t2 uncertain", "patient15/masks/T1.nii.gz: patient15 - - ignored",
            "patient16/MR1/a_T1.nii.gz: patient16 MR1 t1 accepted", "patient16/MR1/a_T2.nii.gz: patient16 MR1 t2 accepted", "patient16/MR2/b_T1.nii.gz: patient16 MR2 t1 accepted", "patient16/MR2/b_T2.nii.gz: patient16 MR2 t2 accepted");
    }

    [Fact]
    public void Folders_per_modality_hold_a_subject_per_file()
    {
        _tree.Touch("T1/p1.nii.gz", "T1/p2_T1.nii.gz", "FLAIR/p1.nii.gz", "FLAIR/p2_T2.nii.gz");
        _tree.Expect("T1/p1.nii.gz: p1 - t1 accepted", "T1/p2_T1.nii.gz: p2 - t1 accepted", "FLAIR/p1.nii.gz: p1 - flair accepted", "FLAIR/p2_T2.nii.gz: p2 - t2 uncertain");
    }

    [Fact]
    public void Label_maps_that_are_named_like_their_images_are_not_taken_for_them()
    {
        _tree.Touch("images/P1_T1.nii.gz", "images/P2_T1.nii.gz", "labels/P1_T1.nii.gz", "labels/P2_T1.nii.gz");
        _tree.Expect("images/P1_T1.nii.gz: images__P1 - t1 accepted", "images/P2_T1.nii.gz: images__P2 - t1 accepted", "labels/P1_T1.nii.gz: labels__P1 - t1 uncertain", "labels/P2_T1.nii.gz: labels__P2 - t1 uncertain");
    }

    [Fact]
    public void Data_sets_beside_each_other_never_share_a_subject()
    {
        _tree.Write("one/dataset_description.json", "{}").Touch("one/sub-01/anat/sub-01_T1w.nii.gz", "two/sub-01_T2.nii.gz", "two/sub-02_T2.nii.gz", "three/patient01/T1.nii.gz", "three/patient02/T1.nii.gz", "loose_T1.nii.gz");
        _tree.Expect(
            "one/sub-01/anat/sub-01_T1w.nii.gz: one__sub-01 - t1 accepted", "two/sub-01_T2.nii.gz: two__sub-01 - t2 accepted", "two/sub-02_T2.nii.gz: two__sub-02 - t2 accepted",
            "three/patient01/T1.nii.gz: three__patient01 - t1 accepted", "three/patient02/T1.nii.gz: three__patient02 - t1 accepted", "loose_T1.nii.gz: loose - t1 accepted");
    }

    [Fact]
    public void Headers_that_cannot_be_heads_are_doubted_or_left()
    {
        _tree.Sized("a_T1.nii.gz", 64, 64, 1).Sized("b_T1.nii.gz", 64, 64, 5).Sized("c_T1.nii.gz", 64, 64, 30, 12).Sized("d_T1.nii.gz", 64, 64).Write("e_T1.nii.gz", "this is no volume at all, whatever the name says").Touch("f_T1.nii.gz");
        _tree.Expect("a_T1.nii.gz: a - - ignored", "b_T1.nii.gz: b - t1 uncertain", "c_T1.nii.gz: c - t1 uncertain", "d_T1.nii.gz: d - t1 ignored", "e_T1.nii.gz: e - t1 ignored", "f_T1.nii.gz: f - t1 accepted");
        Assert.Contains(_tree.Find().Series, s => s.Proposal.Reason.Contains("BMF-1103", StringComparison.Ordinal));
    }

    [Fact]
    public void Links_that_lead_round_in_a_circle_end_and_linked_files_count()
    {
        _tree.Touch("p1/p1_T1.nii.gz", "store/blob.nii.gz");
        Directory.CreateSymbolicLink(_tree.PathOf("p1/round"), _tree.Path);
        File.CreateSymbolicLink(_tree.PathOf("p1/p1_T2.nii.gz"), _tree.PathOf("store/blob.nii.gz"));
        var found = _tree.Found();
        Assert.Equal("p1 - t2 accepted", found["p1/p1_T2.nii.gz"]);
        Assert.Equal(3, found.Count);
    }

    [Fact]
    public void The_result_of_an_earlier_scan_is_not_scanned()
    {
        _tree.Touch("p1/p1_T1.nii.gz", "scan/nifti/x_T1.nii.gz", "scan/scan.json", "scan/manifest.csv");
        Assert.Equal(["p1/p1_T1.nii.gz"], _tree.Found().Keys);
    }
}
